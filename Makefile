# Forwards every target to backend/: `make migrate` here is `make -C backend migrate`.
# PostgreSQL in Docker has its own: `make -C infrastructure up-dev`.

.DEFAULT_GOAL := help
.PHONY: help always

# Variables are passed on in MAKEFLAGS. Exporting NAME as well would expand a $(…) in it.
unexport NAME

help:
	@$(MAKE) --no-print-directory -C backend help
	@echo
	@echo "PostgreSQL in Docker: make -C infrastructure"

# `always`, since some targets have the name of a folder, such as docs.
%: always
	@$(MAKE) --no-print-directory -C backend $@

Makefile always: ;
