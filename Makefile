.DEFAULT_GOAL := help
.PHONY: help run demo-day test lint openapi docs release bench bench-clocks bench-rebuild bench-import bench-move bench-switch listeners torture upgrade fuzz-api build-tools

# The example data that `make run` starts with.
DEMO ?= mile

help: ## 列出这些命令
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build-tools ## 带示例数据启动服务（DEMO=mile 可换）
	cargo run -p api --bin huying -- serve --demo $(DEMO)

demo-day: build-tools ## 在运行中的示例服务上播放一天：点单、派单、办单、评单（URL=… SECONDS=60 可改）
	cargo run -q -p api --bin huying -- demo day $(if $(URL),--url $(URL)) $(if $(SECONDS),--seconds $(SECONDS))

test: build-tools ## 运行全部测试（缺 PostgreSQL、Redis 时先装好）
	@scripts/test-services.sh
	cargo test --workspace --locked

lint: ## 检查格式、clippy 和依赖许可
	@scripts/build-tools.sh rustfmt clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
		echo 'cargo deny check licenses bans sources'; \
		cargo deny check licenses bans sources; \
	else \
		echo '未安装 cargo-deny，略过依赖许可检查（安装：cargo install cargo-deny --locked）'; \
	fi

# By way of a temporary file: a failure leaves the old contract as it was.
openapi: build-tools ## 重新生成 openapi/openapi.json
	cargo run -q -p api --bin huying -- openapi > openapi/openapi.json.tmp || { rm -f openapi/openapi.json.tmp; exit 1; }
	mv openapi/openapi.json.tmp openapi/openapi.json

docs: build-tools ## 重新生成 docs/tickets.md、docs/permissions.md 和 docs/notices.md
	HUYING_WRITE_DOCS=1 cargo test -q -p domain document_shows

release: build-tools ## 编译发布版 target/release/huying
	cargo build --release --locked -p api

bench: release ## 跑全部性能测试，写入 docs/performance.md（SECONDS_EACH=10 TICKETS=1000000 ONLY= 可改）
	cargo build --release --locked -p integration-tests --bin bare
	bench/run.sh

bench-clocks: release ## 测一秒内一万个时限到期时响得多晚、空闲时费多少
	bench/clocks.sh

torture: release ## 一边办单一边 kill -9、停库、停 Redis、写满磁盘、断线，核对每件事恰好一次（MINUTES=10 可改，SEED= 可重放）
	@scripts/test-services.sh
	cargo run -q --locked -p integration-tests --bin torture -- target/release/huying $(or $(MINUTES),10) $(SEED)

upgrade: build-tools ## 新旧两版并行：一边办件一边滚动升级，再退回，逐项核对（OLD=提交、SECONDS_EACH=8 可改）
	@scripts/test-services.sh
	@scripts/upgrade.sh

listeners: release ## 编译发布版，5000 人同时接收实时推送，检查不重不漏（COUNT=5000 可改）
	cargo build --release --locked -p integration-tests --bin listeners
	ulimit -n "$$(ulimit -Hn)"; target/release/listeners target/release/huying $(or $(COUNT),5000) $(ON)

bench-import: release ## 测从表格导入一个县（13704 个网格、15000 人）要多久、用多少内存
	bench/import.sh

bench-move: release ## 划转一个有十万工单的社区，测别人要等多久（TICKETS=600000 可改）
	bench/move.sh

bench-switch: release ## 一边点单查单一边切换规程，测快慢和被拒绝的次数（RATE=4 可改）
	bench/switch.sh

bench-rebuild: release ## 编译发布版并测从事件日志重新统计（EVENTS=1000000 可改）
	bench/rebuild.sh

fuzz-api: build-tools ## 以各角色按接口文档模糊测试（EXAMPLES=20 可改）
	cargo build -q --locked -p api
	@scripts/fuzz-api.sh

build-tools:
	@scripts/build-tools.sh
