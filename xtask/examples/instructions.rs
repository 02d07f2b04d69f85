//! Runs one benchmark, so that valgrind can count its instructions: `instructions NAME ROUNDS`.
//! `cargo xtask instructions` runs it.
//!
//! Randomness and environment are fixed, and everything runs in one thread. The clock of the API is
//! fixed. The throttle and Tokio read the clock of the system. That clock and the keys of hash maps
//! differ from run to run.

#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use alibaba_cloud::openapi::{
    AccessKey, Http, MAX_ANSWER, Network, Request, Settings, SignatureMethod, SigningKey,
};
use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use base::secret::Secret;
use call_quota::{Limit, Priority, QuotaKey, Throttle};
use terraform_plugin::framework::model::{Field, FieldType};
use terraform_plugin::framework::provider::Provider;
use terraform_plugin::framework::ty::Type;
use terraform_plugin::framework::value::Value;
use terraform_plugin::wire::convert::{decode_value, encode_value};
use terraform_plugin::wire::tfplugin6::provider_server::Provider as _;
use terraform_plugin::wire::tfplugin6::{configure_provider, plan_resource_change};
use terraform_provider_cams::resources::number_migration::Model;
use terraform_provider_cams::{CamsProvider, LONG_WAIT, server};
use tokio::runtime::{Builder, Runtime};

/// Rounds that are not counted: they fill caches and start what starts once.
const WARM_UP: u32 = 100;
/// Every run prepares this many rounds, so that the difference of two runs leaves the preparation out.
const MAX_ROUNDS: u32 = 500;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, rounds] = arguments.as_slice() else {
        return Err("expected the name of a benchmark and a number of rounds".into());
    };
    let rounds = rounds.parse()?;
    if rounds > MAX_ROUNDS {
        return Err(format!("at most {MAX_ROUNDS} rounds").into());
    }
    let runtime = Builder::new_current_thread().enable_time().build()?;
    match name.as_str() {
        "codec" => codec(rounds),
        "sign" => sign(rounds),
        "plan" => plan(rounds, &runtime),
        "throttle" => throttle(rounds, &runtime),
        _ => Err(format!("no benchmark {name}").into()),
    }
}

/// Valgrind counts what happens in this function, which it finds by its name.
#[inline(never)]
fn counted(rounds: u32, round: &mut dyn FnMut()) {
    for _ in 0..rounds {
        round();
    }
}

/// Runs the rounds to be counted after some that are not.
fn run(rounds: u32, mut round: impl FnMut()) -> Result<()> {
    (0..WARM_UP).for_each(|_| round());
    counted(rounds, &mut round);
    Ok(())
}

/// Reads and writes one value of a resource, as a plan does.
fn codec(rounds: u32) -> Result<()> {
    let ty = Model::ty();
    let wire = encode_value(&proposed(0).into_value(), &ty)?;
    run(rounds, || {
        let value = decode_value(Some(&wire), &ty).expect("a value");
        let model = Model::from_known(value).expect("a model");
        encode_value(&model.into_value(), &ty).expect("a value of the schema");
    })
}

/// Signs the request that starts a migration.
fn sign(rounds: u32) -> Result<()> {
    let settings = Settings {
        endpoint: "https://cams.ap-southeast-1.aliyuncs.com".parse()?,
        signature_method: SignatureMethod::Acs3HmacSha256,
        network: Network::from_environment(&Environment::default()).0,
    };
    let http = Http::new(settings, clock(), random()).map_err(|error| format!("{error:?}"))?;
    let key = SigningKey::new(AccessKey {
        id: "LTAI5tInstructionCounts".to_owned(),
        secret: Secret::new("a-secret-of-thirty-characters."),
        security_token: None,
    });
    let parameters = [
        ("CountryCode", "86"),
        ("CustSpaceId", "cams-instructions"),
        ("MobileNumber", "13900000000"),
    ];
    let request = Request {
        action: "CreateChatappMigrationInitiate",
        version: "2020-06-06",
        parameters: &parameters.into(),
        secrets: &[],
        max_answer: MAX_ANSWER,
    };
    run(rounds, || drop(http.sign(&key, &request)))
}

/// Plans a new number by the provider's server, another number in each round.
fn plan(rounds: u32, runtime: &Runtime) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let state = directory.path().join("state").display().to_string();
    let environment = Environment::from_iter([
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tInstructionCounts"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a-secret"),
        ("CAMS_CUST_SPACE_ID", "cams-instructions"),
        ("CAMS_THROTTLE_STATE_DIRECTORY", &state),
    ]);
    let server = server(environment, clock(), random(), LONG_WAIT)?;
    let ty = <<CamsProvider as Provider>::Config as FieldType>::ty();
    let Type::Object(attributes) = &ty else {
        return Err("the provider block is an object".into());
    };
    let nothing = attributes.keys().map(|name| (name.clone(), Value::Null));
    let configure = configure_provider::Request {
        terraform_version: "1.14.0".to_owned(),
        config: Some(encode_value(&Value::Map(nothing.collect()), &ty)?),
        ..Default::default()
    };
    let answer = runtime.block_on(server.configure_provider(tonic::Request::new(configure)))?;
    assert_eq!(answer.into_inner().diagnostics, []);

    let ty = Model::ty();
    let request = |number| {
        let mut config = proposed(number);
        for computed in [
            &mut config.id,
            &mut config.phone_number,
            &mut config.status,
            &mut config.request_id,
        ] {
            *computed = Field::Null;
        }
        let wire = |value: &Value| encode_value(value, &ty).ok();
        tonic::Request::new(plan_resource_change::Request {
            type_name: "cams_number_migration".to_owned(),
            prior_state: wire(&Value::Null),
            proposed_new_state: wire(&proposed(number).into_value()),
            config: wire(&config.into_value()),
            ..Default::default()
        })
    };
    let requests: Vec<_> = (0..WARM_UP + MAX_ROUNDS).map(request).collect();
    let mut requests = requests.into_iter();
    run(rounds, || {
        let request = requests.next().expect("a request for each round");
        let answer = runtime.block_on(server.plan_resource_change(request));
        let answer = answer.expect("an answer").into_inner();
        assert!(answer.planned_state.is_some() && answer.diagnostics.is_empty());
    })
}

/// What Terraform proposes for a new number.
fn proposed(number: u32) -> Model {
    Model {
        country_code: "86".into(),
        mobile_number: Field::Known(format!("139{number:08}")),
        id: Field::Unknown,
        phone_number: Field::Unknown,
        status: Field::Unknown,
        request_id: Field::Unknown,
        ..Model::default()
    }
}

/// Acquires a permit in the host's file and settles it. A window is so short that slots never run
/// out.
fn throttle(rounds: u32, runtime: &Runtime) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let throttle = Throttle::host(directory.path().join("state"), NonZeroU32::MIN);
    let limit = Limit::new(NonZeroU32::MIN, Duration::from_micros(1));
    let key = QuotaKey {
        account: "1".to_owned(),
        region: "ap-southeast-1".to_owned(),
        action: "CreateChatappMigrationInitiate",
    };
    run(rounds, || {
        let permit = runtime.block_on(throttle.acquire(&key, limit, Priority::Normal));
        permit.answered();
    })?;
    assert_eq!(throttle.trouble(), None);
    Ok(())
}

fn clock() -> Clock {
    Clock::fixed(UNIX_EPOCH + Duration::from_secs(1_764_460_800))
}

fn random() -> Random {
    Random::seeded(1)
}
