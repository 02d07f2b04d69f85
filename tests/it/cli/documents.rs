//! The configurations in the README and in `docs/`, whose pages contain the short examples.
//!
//! A block that is marked `terraform` is a configuration. It is formatted, and the CLI plans it with
//! an emulator, which validates it too. What a block leaves out is added: the address of the
//! provider, a resource that uses it, variables, and the resources in the first block of its page.
//! Other HCL, such as the values of variables, is marked `hcl` and is only formatted.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use serde_json::json;

use super::program::{Capability, Program};
use super::{ONE, REQUIRED_PROVIDERS, Workspace};
use crate::documents;
use crate::emulator::Emulator;

/// What not every CLI can read: the beginning of a line or a part of it, and what it needs.
const NEEDS: [(&str, Capability); 6] = [
    ("\naction \"", Capability::Actions),
    (" action_trigger {", Capability::Actions),
    (" identity = {", Capability::Identity),
    (" ephemeral ", Capability::Ephemeral),
    ("_wo ", Capability::Ephemeral),
    (QUERY, Capability::Query),
];

const QUERY: &str = "\nlist \"";

/// Values of the variables in the blocks.
const VARIABLES: [(&str, &str); 6] = [
    ("TF_VAR_access_key", "emulator"),
    ("TF_VAR_secret_key", "emulator-secret"),
    ("TF_VAR_redis_url", "redis://127.0.0.1:9"),
    ("TF_VAR_code", "123456"),
    ("TF_VAR_webhook_token", "token"),
    ("TF_VAR_numbers", r#"{"support":"13900001235"}"#),
];

/// What the blocks with OIDC take from a job or a pod.
const OIDC: [(&str, &str); 3] = [
    (
        "ALIBABA_CLOUD_ROLE_ARN",
        "acs:ram::1000000000000000:role/terraform",
    ),
    (
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        "acs:ram::1000000000000000:oidc-provider/ci",
    ),
    ("ALIBABA_CLOUD_OIDC_TOKEN", "e30.e30.c2lnbmF0dXJl"),
];

/// A block of HCL.
#[derive(Debug)]
struct Block {
    /// The page, and the position of the block among those of the page.
    name: String,
    /// The text, after a line break.
    text: String,
    /// The text that is planned, if it is a configuration.
    configuration: Option<String>,
}

#[test]
fn every_block_is_formatted() {
    let workspace = Workspace::new("");
    std::fs::create_dir(workspace.path().join("blocks")).expect("a folder");
    for block in blocks() {
        // The settings of a CLI are in an older HCL, which it cannot format.
        if block.text.contains("\nprovider_installation {") {
            continue;
        }
        let file = format!("blocks/{}.tf", block.name.replace('/', "."));
        workspace.write(&file, block.text.trim_start());
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for folder in ["blocks", &examples.display().to_string()] {
        workspace.ok(&["fmt", "-check", "-diff", "-recursive", folder]);
    }
}

#[test]
fn every_configuration_can_be_planned() {
    let emulator = Emulator::start(&["--quota=250/1s"]);
    for space in ["cams-test", "cams-abc123"] {
        emulator.place(space, "86", "13900001234", "CONNECTED");
    }
    let instance = json!({ "cust_space_id": "cams-abc123", "instance_name": "support" });
    emulator.control("PUT", "spaces", Some(instance));
    let blocks: Vec<_> = blocks().into_iter().filter(is_readable).collect();
    assert!(blocks.len() > 20, "{blocks:#?}");
    thread::scope(|scope| {
        for half in blocks.chunks(blocks.len().div_ceil(2)) {
            scope.spawn(|| half.iter().for_each(|block| plan(&emulator, block)));
        }
    });
}

fn plan(emulator: &Emulator, block: &Block) {
    let mut workspace = Workspace::on(emulator, ONE);
    for (name, value) in VARIABLES.into_iter().chain(OIDC) {
        workspace = workspace.env(name, value);
    }
    let configuration = block.configuration.as_deref().unwrap_or_default();
    let command = match configuration.contains(QUERY) {
        true => {
            workspace.write("all.tfquery.hcl", configuration);
            "query"
        }
        false => {
            workspace.write("main.tf", &completed(configuration));
            "plan"
        }
    };
    let run = workspace.run(&[command, "-no-color"]);
    assert_eq!(run.code, 0, "{}:\n{}", block.name, run.all());
}

/// The configuration with what it leaves out.
fn completed(configuration: &str) -> String {
    let mut text = configuration.to_owned();
    if !text.contains("required_providers") {
        text.push_str(REQUIRED_PROVIDERS);
    }
    // Terraform does not configure a provider that nothing uses.
    if !text.contains("\nresource \"cams_") {
        text.push_str(ONE);
    }
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let used = configuration.split("var.").skip(1);
    let used = used.filter_map(|rest| rest.split(|c| !in_name(c)).next());
    for name in used.collect::<BTreeSet<_>>() {
        if !text.contains(&format!("variable {name:?}")) {
            text.push_str(&format!("variable {name:?} {{}}\n"));
        }
    }
    text
}

/// Whether the CLI under test can plan the block.
fn is_readable(block: &Block) -> bool {
    let Some(configuration) = &block.configuration else {
        return false;
    };
    let mut needs = NEEDS
        .iter()
        .filter(|(part, _)| configuration.contains(part));
    needs.all(|(_, capability)| Program::under_test().can(*capability, &block.name))
}

/// Whether a block uses a resource that only the other block has.
fn refers_to(block: &str, other: &str) -> bool {
    let mut resources = other.lines().filter(|line| line.starts_with("resource "));
    resources.any(|line| {
        let mut names = line.split('"').skip(1).step_by(2);
        let mut name = || names.next().unwrap_or_default();
        let address = format!("{}.{}", name(), name());
        block.contains(&address) && !block.contains(line)
    })
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for (page, text) in documents::pages() {
        if page != "README.md" && !page.starts_with("docs/") {
            continue;
        }
        let mut first = None;
        let inside = text.split("\n```").skip(1).step_by(2);
        for (position, block) in inside.enumerate() {
            let (language, text) = block.split_at(block.find('\n').unwrap_or(block.len()));
            let text = format!("{text}\n");
            if !["terraform", "hcl"].contains(&language) {
                continue;
            }
            let mut configuration = (language == "terraform").then(|| text.clone());
            if let Some(configuration) = &mut configuration {
                let first = &*first.get_or_insert_with(|| text.clone());
                if refers_to(configuration, first) {
                    configuration.push_str(first);
                }
            }
            blocks.push(Block {
                name: format!("{page}.{}", position + 1),
                text,
                configuration,
            });
        }
    }
    blocks
}
