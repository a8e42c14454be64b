"""The list of companies with its search, and the forms that make, change and remove one."""
