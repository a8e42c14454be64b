"""What the tests share: the test project, commands, servers, snapshots and blocking sessions."""
