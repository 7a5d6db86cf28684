# Everything happens in .venv; only Python >= 3.11 and make are needed.
PYTHON ?= python3
BIN := .venv/bin
NPROCS ?= 2

.PHONY: demo demo-more test test-docs test-faults test-platform lint types docs install bench image sbom lock clean

demo: .venv/installed
	rm -rf demo
	$(BIN)/gradshift-example demo/study
	./run.py demo/study demo/out participant --nprocs $(NPROCS)
	./run.py demo/study demo/out group --nprocs $(NPROCS)
	@echo "The report is demo/out/group/index.html; contrasts.tsv beside it holds the comparison."

# Ratings and maps, a second study and both together, and structures beyond the cortex.
demo-more: .venv/installed
	@test -d demo/out/group || { echo "First run make demo."; exit 1; }
	rm -rf demo/study2 demo/out2 demo/pooled demo/systems
	./run.py demo/study demo/out group --comparison ratings --model demo/study/code/model.json \
		--maps demo/study/derivatives/simulation/maps.tsv --nprocs $(NPROCS)
	$(BIN)/gradshift-example demo/study2 --seed 2
	./run.py demo/study2 demo/out2 participant --nprocs $(NPROCS)
	./run.py demo/study2 demo/out2 group --nprocs $(NPROCS)
	$(BIN)/gradshift-pool demo/out demo/out2 demo/pooled
	./run.py demo/study demo/systems participant --atlas Schaefer2018_200_7+TianS2 \
		--denoise aCompCor --no-voxelwise --nprocs $(NPROCS)
	./run.py demo/study demo/systems group --nprocs $(NPROCS)
	@echo "Pages: demo/out/group-ratings, demo/pooled, demo/systems/group."

test: .venv/tested
	$(BIN)/python -m pytest -n $(NPROCS)

# Every command and all code of README.md and docs/, on a small simulated study.
test-docs: .venv/tested
	$(BIN)/python -m pytest -n $(NPROCS) --dist loadgroup ci/docs

# As root on Linux: killed, stopped, crowded, with full disks and files of random content.
test-faults: .venv/tested
	$(BIN)/python ci/faults
	$(BIN)/python tools/make_reliability.py

# As root on Debian 12: containers, a cluster, a bare machine, other Pythons.
test-platform:
	$(PYTHON) ci/platforms

lint: .venv/developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

types: .venv/developed
	$(BIN)/mypy

docs: .venv/documented
	$(BIN)/sphinx-build --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "The documentation is docs/_build/html/index.html."

bench: .venv/tested
	$(BIN)/python benchmarks

# The image, with its labels; BASE=debian:bookworm-slim@sha256:... builds on one by digest.
image:
	tools/build_image.sh

# What is in the image, in CycloneDX.
sbom:
	docker run --rm -i --network none --entrypoint python gradshift - \
		< tools/make_sbom.py > gradshift.cdx.json

# Versions and hashes of what the image holds and is built with; those that still serve are kept.
UV := uv pip compile --quiet --python-version 3.11 --python-platform linux \
	--generate-hashes --no-header --no-annotate
lock:
	$(UV) pyproject.toml -o requirements.txt
	$(UV) requirements-build.in -o requirements-build.txt

install: .venv/installed

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gradshift needs Python 3.11 or later; make PYTHON=... names another one")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml version
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

.venv/developed: .venv/tested
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	touch $@

.venv/documented: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

clean:
	rm -rf .venv demo docs/_build
