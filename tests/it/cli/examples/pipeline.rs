//! `examples/pipeline`: the commands of its jobs, with the files of `examples/bulk`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::cli::{Run, Workspace};
use crate::emulator::Emulator;
use crate::redis_server::{PASSWORD, RedisServer};

use super::{can_read, copy, folder};

const CODES: &str = "TF_VAR_codes";

#[test]
fn the_jobs_of_github_actions() {
    runs("github.yml");
}

#[test]
fn the_jobs_of_gitlab_ci() {
    runs("gitlab.yml");
}

/// Runs the pipeline twice: without codes, and with them.
fn runs(file: &str) {
    if !can_read(&format!("examples/pipeline/{file}")) {
        return;
    }
    let emulator = Emulator::start(&[]);
    let redis = RedisServer::start();
    let workspace = Workspace::new("")
        .env("CAMS_ENDPOINT", emulator.url())
        .env("CAMS_CUST_SPACE_ID", "cams-test")
        .env("CAMS_THROTTLE_REDIS_URL", &redis.tls_url(PASSWORD))
        .env("SSL_CERT_FILE", &redis.certificate())
        .env(
            "ALIBABA_CLOUD_ROLE_ARN",
            "acs:ram::1000000000000000:role/terraform",
        )
        .env(
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
            "acs:ram::1000000000000000:oidc-provider/ci",
        )
        .env("ALIBABA_CLOUD_OIDC_TOKEN", "e30.e30.c2lnbmF0dXJl")
        .env(CODES, "{}");
    copy(&workspace, "bulk");
    copy(&workspace, "pipeline");
    let numbers = ["8613900001234", "8613900001235"];
    let write = |stage: &str| {
        let rows = numbers.map(|number| format!("+{number},1,{stage},,sms\n"));
        let file = format!("number,wave,stage,hold,method\n{}", rows.concat());
        workspace.write("numbers.csv", &file);
    };
    write("start");
    commands(&workspace, file).assert_says(&["\"code missing\""]);

    write("live");
    let codes = numbers.map(|number| {
        let sent = emulator.control("GET", &format!("codes/{number}"), None);
        (number, sent["code"].as_str().expect("a code").to_owned())
    });
    let given = json!(BTreeMap::from(codes.clone())).to_string();
    let workspace = workspace.env(CODES, &given);
    commands(&workspace, file).assert_says(&["\"live\"", numbers[0], numbers[1]]);
    let plan = workspace.ok(&["show", "-json", "tfplan"]).stdout;
    for (_, code) in codes {
        assert!(
            !plan.contains(&format!("\"{code}\"")),
            "a plan has no codes"
        );
    }
    assert!(emulator.asked("sts", "AssumeRoleWithOIDC") > 0);
    assert!(!redis.keys().is_empty(), "the quota is in Redis");
}

/// Runs the commands of a pipeline, but for `init`, which would ask a registry. Returns the last run.
fn commands(workspace: &Workspace, file: &str) -> Run {
    let file = fs::read_to_string(folder("pipeline").join(file)).expect("a file");
    let commands = file.lines().filter_map(|line| {
        let line = line.trim_start_matches([' ', '-']);
        let command = line.strip_prefix("run: ").unwrap_or(line);
        command.strip_prefix("terraform ")
    });
    let commands: Vec<Vec<&str>> = commands
        .map(|command| command.split(' ').collect())
        .collect();
    let names: Vec<&str> = commands.iter().map(|command| command[0]).collect();
    assert_eq!(names, ["init", "plan", "init", "apply", "apply"]);
    let runs = commands.iter().filter(|command| command[0] != "init");
    let runs =
        runs.map(|command| workspace.ok(&[&command[..1], &["-no-color"], &command[1..]].concat()));
    runs.collect::<Vec<_>>().pop().expect("a command")
}
