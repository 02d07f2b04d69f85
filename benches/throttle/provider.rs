//! Real provider processes. Each has a client that applies ten numbers at a time, as Terraform does
//! by default.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::core::tfplugin6::Schema;
use crate::core::{Core, Instance, STATE_DIRECTORY, Start, throttle};
use crate::emulator::Emulator;
use crate::redis_server::RedisServer;
use crate::workload::{Applied, COUNTRY_CODE, mobile_number};

const TYPE: &str = "cams_number_migration";

/// The default of Terraform's flag `-parallelism`.
const PARALLELISM: usize = 10;

/// A group of configured provider processes.
pub(crate) struct Fleet {
    processes: Vec<Arc<Process>>,
    /// The directories that represent hosts, which are deleted when the fleet is dropped. Empty if
    /// all processes share one host.
    _hosts: Vec<TempDir>,
}

struct Process {
    core: Core,
    /// An object of the resource's type with every attribute null.
    blank: Value,
}

impl Fleet {
    /// Starts processes that share the throttle's file in the directory `host`, with these settings
    /// in the provider block.
    pub(crate) async fn on_one_host(
        emulator: &Emulator,
        host: &Path,
        processes: usize,
        settings: &Value,
    ) -> Self {
        Self::start(
            processes,
            emulator,
            |_| Core::start().env(STATE_DIRECTORY, &state_in(host)),
            settings,
        )
        .await
    }

    /// Starts processes that share only a Redis server, with these settings in the provider block.
    pub(crate) async fn on_many_hosts(
        emulator: &Emulator,
        redis: &RedisServer,
        processes: usize,
        settings: &Value,
    ) -> Self {
        let hosts: Vec<TempDir> = (0..processes).map(|_| TempDir::new().unwrap()).collect();
        let shared = json!({
            "throttle": throttle(&json!({ "scope": "redis", "redis_url": redis.url() })),
        });
        let settings = with(settings.clone(), &shared);
        let start =
            |process: usize| Core::start().env(STATE_DIRECTORY, &state_in(hosts[process].path()));
        let fleet = Self::start(processes, emulator, start, &settings).await;
        Self {
            _hosts: hosts,
            ..fleet
        }
    }

    async fn start(
        processes: usize,
        emulator: &Emulator,
        start: impl Fn(usize) -> Start,
        settings: &Value,
    ) -> Self {
        let mut fleet = Vec::new();
        for process in 0..processes {
            let core = start(process).await;
            let schema = core.schema().await;
            let block = blank(&schema.provider.expect("a provider block"));
            let service = json!({
                "endpoint": emulator.url(),
                "access_key": "emulator",
                "secret_key": "emulator-secret",
                "cust_space_id": "cams-bench",
            });
            let diagnostics = core.configure(&with(with(block, &service), settings)).await;
            assert!(diagnostics.is_empty(), "{diagnostics:?}");
            let blank = blank(&schema.resource_schemas[TYPE]);
            fleet.push(Arc::new(Process { core, blank }));
        }
        Self {
            processes: fleet,
            _hosts: Vec::new(),
        }
    }

    /// Migrates `numbers` numbers with each process, all at the same time.
    pub(crate) async fn migrate(&self, numbers: usize) -> Vec<Applied> {
        self.migrate_from(0, numbers).await
    }

    /// Like [`Self::migrate`], but skips the first `from` numbers.
    pub(crate) async fn migrate_from(&self, from: usize, numbers: usize) -> Vec<Applied> {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for (index, process) in self.processes.iter().enumerate() {
            let parallelism = Arc::new(Semaphore::new(PARALLELISM));
            for number in from..from + numbers {
                let (process, parallelism) = (Arc::clone(process), Arc::clone(&parallelism));
                tasks.spawn(async move {
                    let _turn = parallelism.acquire_owned().await.expect("never closed");
                    let asked = start.elapsed();
                    let number = mobile_number(index, number);
                    process.migrate(&number).await;
                    Applied {
                        number: format!("{COUNTRY_CODE}{number}"),
                        asked: asked.as_secs_f64(),
                        took: (start.elapsed() - asked).as_secs_f64(),
                    }
                });
            }
        }
        tasks.join_all().await
    }
}

impl Process {
    async fn migrate(&self, mobile_number: &str) {
        let number = json!({ "country_code": COUNTRY_CODE, "mobile_number": mobile_number });
        let config = with(self.blank.clone(), &number);
        let nothing = Instance::default();
        let planned = self.core.plan(TYPE, &nothing, &config, &config).await;
        let applied = self
            .core
            .apply(TYPE, &nothing, &planned.instance, &config)
            .await
            .expect("the provider answers");
        assert!(applied.diagnostics.is_empty(), "{:?}", applied.diagnostics);
        assert_eq!(applied.instance.state["status"], "MIGRATING");
    }
}

/// The state directory of a host. The first process creates it, with access only for its user.
fn state_in(host: &Path) -> String {
    host.join("state").display().to_string()
}

/// An object of the schema with every attribute null.
fn blank(schema: &Schema) -> Value {
    let block = schema.block.as_ref().expect("a block");
    let attributes = block.attributes.iter().map(|attribute| &attribute.name);
    let blocks = block.block_types.iter().map(|block| &block.type_name);
    let names = attributes.chain(blocks);
    Value::Object(
        names
            .map(|name| (name.clone(), Value::Null))
            .collect::<Map<_, _>>(),
    )
}

/// The object with these attributes replaced.
fn with(mut object: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        object[name] = value.clone();
    }
    object
}
