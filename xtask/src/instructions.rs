//! `cargo xtask instructions`: counts the instructions of what the provider does often, with
//! valgrind, and compares them with the counts in `benches/instructions.txt`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Result, binary, cargo, root};
use crate::tools;

/// The benchmarks of `xtask/examples/instructions.rs`.
const BENCHMARKS: [&str; 4] = ["codec", "sign", "plan", "throttle"];
const ROUNDS: u32 = 1000;
/// How much a count may differ from the recorded one, in percent.
const TOLERANCE: f64 = 5.0;
/// Whether this platform has recorded counts. They differ by architecture and C library.
pub(crate) const IS_COUNTED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
const RECORD: &str = "cargo xtask instructions --record";

/// Instructions by the name of the benchmark.
type Counts = BTreeMap<String, u64>;

/// Counts, prints the table, and fails if a benchmark takes more instructions than recorded.
pub(crate) fn check() -> Result<()> {
    if !IS_COUNTED {
        println!("Left out: each platform has other counts; those of Linux on x86_64 are recorded");
        return Ok(());
    }
    let (table, error) = compare(&count()?, &parse(&shell::read(&file())?)?);
    print!("{table}");
    error.map_or(Ok(()), Err)
}

/// Counts, and replaces the recorded counts.
pub(crate) fn record() -> Result<()> {
    if !IS_COUNTED {
        return Err("only the counts of Linux on x86_64 are recorded".to_owned());
    }
    let counts = count()?;
    let lines = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}\n"));
    let lines: String = lines.collect();
    print!("{lines}");
    shell::write(&file(), &lines)
}

/// The instructions of one round of each benchmark.
fn count() -> Result<Counts> {
    let valgrind = tools::valgrind()?;
    let example = ["--package", "xtask", "--example", "instructions"];
    let mut build = cargo();
    build.args(["build", "--quiet", "--profile", "instructions"]);
    shell::run(build.args(example))?;
    let count = |name: &str| {
        let mut command = Command::new(&valgrind);
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .args(["--log-fd=1", "--toggle-collect=*instructions*counted*"])
            .arg(binary("instructions", "examples/instructions"))
            .args([name, &ROUNDS.to_string()])
            // The size of the environment moves the stack.
            .env_clear();
        let output = shell::output(&mut command)?;
        let total = output.lines().find_map(|it| it.split_once("Collected : "));
        let total: u64 = total.and_then(|(_, it)| it.parse().ok()).unwrap_or(0);
        match total / u64::from(ROUNDS) {
            0 => Err(format!("valgrind counted nothing of {name}:\n{output}")),
            count => Ok((name.to_owned(), count)),
        }
    };
    BENCHMARKS.into_iter().map(count).collect()
}

/// The table, and the error if a benchmark takes too many instructions or has no recorded count.
fn compare(counts: &Counts, recorded: &Counts) -> (String, Option<String>) {
    let mut table = format!("{:10} {:>9} {:>9}\n", "", "recorded", "now");
    let (mut slower, mut cheaper) = (String::new(), false);
    for (name, &count) in counts {
        let Some(&before) = recorded.get(name) else {
            slower.push_str(&format!("{name}: {count} instructions, none recorded\n"));
            continue;
        };
        let percent = (count as f64 - before as f64) * 100.0 / before as f64;
        table.push_str(&format!(
            "{name:10} {before:9} {count:9} {percent:+6.1} %\n"
        ));
        if percent > TOLERANCE {
            slower.push_str(&format!(
                "{name}: {count} instructions, {before} recorded ({percent:+.1} %)\n"
            ));
        }
        cheaper |= percent < -TOLERANCE;
    }
    if cheaper {
        table.push_str(&format!("Some are cheaper now. Record that: {RECORD}\n"));
    }
    let error = format!(
        "{slower}More than {TOLERANCE} % above the recorded count. Make it cheaper, or record the \
         new counts with `{RECORD}` and say why in the commit."
    );
    (table, (!slower.is_empty()).then_some(error))
}

fn file() -> PathBuf {
    root().join("benches/instructions.txt")
}

fn parse(text: &str) -> Result<Counts> {
    let line = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    let counts: Option<Counts> = text.lines().map(line).collect();
    counts.ok_or_else(|| format!("not counts: {}", file().display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_five_percent_above_fails_and_below_is_told() {
        let outcome = |count| {
            let counts = [("plan".to_owned(), count)].into();
            compare(&counts, &parse("plan 1000\n").unwrap())
        };
        let (table, error) = outcome(1050);
        assert!(table.contains("+5.0 %") && error.is_none(), "{table}");
        let (_, error) = outcome(1100);
        let error = error.unwrap();
        assert!(error.starts_with("plan: 1100 instructions, 1000 recorded (+10.0 %)"));
        assert!(error.contains(RECORD));
        let (table, error) = outcome(940);
        assert!(table.contains(RECORD) && error.is_none(), "{table}");
        let unknown = [("new".to_owned(), 1)].into();
        assert!(compare(&unknown, &Counts::new()).1.is_some());
        assert!(parse("plan many").is_err());
    }
}
