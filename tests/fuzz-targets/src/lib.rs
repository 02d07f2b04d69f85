//! What each fuzz target checks of an input. The functions panic if it is not so.
//!
//! The programs in `fuzz/fuzz_targets` call these functions. They are built with instrumentation, in a
//! workspace of their own, so that the tests do not compile them. This package is part of the
//! tests' workspace: a change that breaks a target is noticed, and the committed inputs in `fuzz/corpus`
//! are run with the tests.

mod credentials;
mod types;

use alibaba_cloud::openapi::fields::Json;
use alibaba_cloud::openapi::{Response, read_answer};
use base::foreign_text::{Cleaner, lines};
use call_quota::rewrite_host_record;
use cams::operations::{Migration, PhoneNumbers};
use terraform_plugin::framework::resource::ImportTarget;
use terraform_plugin::wire::ty::Type;
use terraform_plugin::wire::value::Value;
use terraform_plugin::wire::{json, msgpack};
use terraform_provider_cams::resources::number_migration::imported;

pub use credentials::{credential_answer, credential_config, credential_ini, credential_token};

/// No response of the API makes the client panic, whatever its status and body.
pub fn api_answer(status: u16, body: &[u8]) {
    let response = Response {
        status,
        body: body.to_vec().into(),
        ..Response::default()
    };
    if let Ok(success) = read_answer(response) {
        let _ = success.read::<PhoneNumbers>();
        let _ = success.read::<Json>();
        // A migration has started whatever the answer says of it.
        assert!(success.read::<Migration>().is_ok());
    }
}

/// No content of an account's file makes the provider panic. A record that the provider accepts is
/// the same after it is written and read again. The input is a record without the line of its
/// checksum, which this function adds.
pub fn host_record(input: &[u8]) {
    let Some(once) = rewrite_host_record(input) else {
        return;
    };
    assert_eq!(rewrite_host_record(&once), Some(once));
}

/// No import id makes the provider panic. An accepted id results in a state whose identity results
/// in the same state.
pub fn import_id(id: &str) {
    let Ok(state) = imported(&ImportTarget::Id(id.to_owned())) else {
        return;
    };
    let identity = ImportTarget::Identity(state.clone());
    let again = imported(&identity).expect("an own identity is accepted");
    assert_eq!(again, state);
}

/// A value that was decoded from JSON can be encoded as MessagePack, and then decodes to the same
/// value. The first line of the input is the type.
pub fn state_json(input: &[u8]) {
    let Some((ty, bytes)) = types::split(input) else {
        return;
    };
    if let Ok(value) = json::decode(bytes, &ty) {
        survives_msgpack(&value, &ty);
    }
}

/// A value that was decoded from MessagePack can be encoded again, and then decodes to the same
/// value. The first line of the input is the type.
pub fn value(input: &[u8]) {
    let Some((ty, bytes)) = types::split(input) else {
        return;
    };
    if let Ok(value) = msgpack::decode(bytes, &ty) {
        survives_msgpack(&value, &ty);
    }
}

fn survives_msgpack(value: &Value, ty: &Type) {
    let written = msgpack::encode(value, ty).expect("what was read has the type");
    let again = msgpack::decode(&written, ty).expect("what was written is readable");
    assert_eq!(again, *value);
}

/// The cleaner removes every secret from a foreign text, whatever text surrounds it, and all
/// control characters.
pub fn text_cleaner(before: &str, secret: &str, after: &str) {
    let graphic = secret.len() >= 4 && secret.bytes().all(|byte| byte.is_ascii_graphic());
    let cleaner = Cleaner::new([secret]);
    let text = format!("{before}{secret}{after}");
    let line = cleaner.line(&text);
    assert!(line.chars().count() <= 1000 && !line.contains(char::is_control));
    let several = lines(&text);
    assert!(several.len() <= 16 << 10 && !several.contains(|c: char| c.is_control() && c != '\n'));
    let value = cleaner.value(&text).unwrap_or_default();
    assert!(value.chars().count() <= 256 && !value.contains(char::is_control));
    // A secret that contains stars cannot be distinguished from the mask.
    if graphic && !secret.contains('*') {
        assert!(
            !line.contains(secret) && !value.contains(secret),
            "{secret:?} in {line:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    type Target = (&'static str, fn(&[u8]));

    /// All targets. Some read an input that has more parts than the bytes of a file.
    const TARGETS: &[Target] = &[
        ("api_answer", |input| {
            for status in [200, 400, 503] {
                api_answer(status, input);
            }
        }),
        ("credential_answer", credential_answer),
        ("credential_config", credential_config),
        ("credential_ini", credential_ini),
        ("credential_token", credential_token),
        ("host_record", host_record),
        ("import_id", |input| {
            import_id(&String::from_utf8_lossy(input));
        }),
        ("state_json", state_json),
        ("text_cleaner", |input| {
            text_cleaner(
                "{\"secret\":\"",
                &String::from_utf8_lossy(input),
                "\"}\u{7}",
            );
        }),
        ("value", value),
    ];

    fn names(directory: &str) -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        let files = std::fs::read_dir(root.join(directory)).expect("a directory");
        let files = files.map(|file| file.expect("a file").path());
        files.collect()
    }

    #[test]
    fn the_committed_inputs_pass() {
        let mut count = 0;
        for directory in names("corpus") {
            let name = directory.file_name().expect("a name");
            let target = TARGETS.iter().find(|(target, _)| name == *target);
            let (_, run) = target.expect("a corpus belongs to a target");
            for file in names(directory.to_str().expect("a path")) {
                run(&std::fs::read(file).expect("an input"));
                count += 1;
            }
        }
        assert!(count > 0, "there are inputs");
    }

    #[test]
    fn each_program_has_its_function() {
        let mut programs = names("fuzz_targets");
        programs.sort();
        let programs = programs.iter().filter_map(|file| file.file_stem());
        assert!(programs.eq(TARGETS.iter().map(|(name, _)| *name)));
    }
}
