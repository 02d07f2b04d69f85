//! The cleaner removes every secret from a foreign text, whatever text surrounds it, and all
//! control characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use base::foreign_text::{Cleaner, lines};

fuzz_target!(|input: (&str, &str, &str)| {
    let (before, secret, after) = input;
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
        assert!(!line.contains(secret) && !value.contains(secret), "{secret:?} in {line:?}");
    }
});
