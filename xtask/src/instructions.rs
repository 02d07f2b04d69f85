//! `cargo xtask instructions`: counts the instructions and allocations of what the provider does
//! often, with valgrind, and compares them with the counts in `benches/instructions.txt`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Result, binary, cargo, root};
use crate::tools;

/// The benchmarks of `xtask/examples/instructions.rs`.
const BENCHMARKS: [&str; 4] = ["codec", "sign", "plan", "throttle"];
const ROUNDS: u64 = 1000;
/// How much a count may differ from the recorded one, in percent.
const TOLERANCE: f64 = 5.0;
/// Whether this platform has recorded counts. They differ by architecture.
pub(crate) const IS_COUNTED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
const RECORD: &str = "cargo xtask instructions --record";

/// What is counted: instructions in Rust code, and allocations. What the C library does itself is
/// not counted, because it is another one on each machine.
const KINDS: [&str; 2] = ["instructions", "allocations"];
/// The functions of the C library that allocate.
const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "aligned_alloc"];

/// What one round takes, of each kind, by the name of the benchmark.
type Counts = BTreeMap<String, [u64; 2]>;

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
    let lines = counts.iter().map(|(name, [instructions, allocations])| {
        format!("{name} {instructions} {allocations}\n")
    });
    let lines: String = lines.collect();
    print!("{lines}");
    shell::write(&file(), &lines)
}

/// Counts one round of each benchmark.
fn count() -> Result<Counts> {
    let valgrind = tools::valgrind()?;
    let example = ["--package", "xtask", "--example", "instructions"];
    let mut build = cargo();
    build.args(["build", "--quiet", "--profile", "instructions"]);
    shell::run(build.args(example))?;
    let directory = shell::temporary_directory()?;
    let profile = directory.path().join("profile");
    let count = |name: &str| {
        let mut command = Command::new(&valgrind);
        command
            .args(["--quiet", "--tool=callgrind", "--demangle=no"])
            .arg("--toggle-collect=*instructions*counted*")
            .arg(format!("--callgrind-out-file={}", profile.display()))
            .arg(binary("instructions", "examples/instructions"))
            .args([name, &ROUNDS.to_string()])
            // The size of the environment moves the stack.
            .env_clear();
        shell::output(&mut command)?;
        let counts = counts(&shell::read(&profile)?).map(|total| total / ROUNDS);
        match counts[0] {
            0 => Err(format!("valgrind counted nothing of {name}")),
            _ => Ok((name.to_owned(), counts)),
        }
    };
    BENCHMARKS.into_iter().map(count).collect()
}

/// The counts in a profile of callgrind:
/// <https://valgrind.org/docs/manual/cl-format.html>.
fn counts(profile: &str) -> [u64; 2] {
    let mut names = HashMap::new();
    // A name follows its number once. Later the number stands alone.
    let mut name = |text: &'_ str| {
        let (number, name) = text.split_once(' ').unwrap_or((text, ""));
        let known = names.entry(number.to_owned()).or_insert(name.to_owned());
        known.clone()
    };
    let (mut instructions, mut allocations) = (0, 0);
    let (mut is_rust, mut called, mut is_call) = (false, String::new(), false);
    for line in profile.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            let function = name(function);
            is_rust = function.starts_with("_R") || function.starts_with("_ZN");
        } else if let Some(function) = line.strip_prefix("cfn=") {
            called = name(function);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            // The next line is what the called function took.
            is_call = true;
            let calls = calls.split(' ').next().and_then(|it| it.parse().ok());
            if is_rust && ALLOCATORS.contains(&called.as_str()) {
                allocations += calls.unwrap_or(0);
            }
        } else if line.starts_with(|first: char| "+-*".contains(first) || first.is_ascii_digit()) {
            let cost = line.split(' ').nth(1).and_then(|it| it.parse().ok());
            if is_rust && !is_call {
                instructions += cost.unwrap_or(0);
            }
            is_call = false;
        }
    }
    [instructions, allocations]
}

/// The table, and the error if a benchmark takes more than recorded, or has no recorded counts.
fn compare(counts: &Counts, recorded: &Counts) -> (String, Option<String>) {
    let (mut table, mut more, mut is_cheaper) = (String::new(), String::new(), false);
    for (name, counts) in counts {
        let Some(recorded) = recorded.get(name) else {
            more.push_str(&format!("{name}: no counts are recorded\n"));
            continue;
        };
        for ((kind, &count), &before) in KINDS.iter().zip(counts).zip(recorded) {
            let percent = (count as f64 - before as f64) * 100.0 / before as f64;
            let line = format!("{name}: {count} {kind}, {before} recorded ({percent:+.1} %)\n");
            table.push_str(&line);
            if percent > TOLERANCE {
                more.push_str(&line);
            }
            is_cheaper |= percent < -TOLERANCE;
        }
    }
    if is_cheaper {
        table.push_str(&format!("Some are cheaper now. Record that: {RECORD}\n"));
    }
    let error = format!(
        "{more}More than {TOLERANCE} % above the recorded count. Make it cheaper, or record the \
         new counts with `{RECORD}` and say why in the commit."
    );
    (table, (!more.is_empty()).then_some(error))
}

fn file() -> PathBuf {
    root().join("benches/instructions.txt")
}

fn parse(text: &str) -> Result<Counts> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let name = word()?.to_owned();
        Some((name, [word()?.parse().ok()?, word()?.parse().ok()?]))
    };
    let counts: Option<Counts> = text.lines().map(line).collect();
    counts.ok_or_else(|| format!("not counts: {}", file().display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_five_percent_above_fails_and_below_is_told() {
        let outcome = |instructions, allocations| {
            let counts = [("plan".to_owned(), [instructions, allocations])].into();
            compare(&counts, &parse("plan 1000 100\n").unwrap())
        };
        let (table, error) = outcome(1050, 100);
        assert!(table.contains("+5.0 %") && error.is_none(), "{table}");
        let (_, error) = outcome(1100, 100);
        let error = error.unwrap();
        assert!(error.starts_with("plan: 1100 instructions, 1000 recorded (+10.0 %)"));
        assert!(error.contains(RECORD));
        assert!(outcome(1000, 106).1.is_some());
        let (table, error) = outcome(940, 100);
        assert!(table.contains(RECORD) && error.is_none(), "{table}");
        let unknown = [("new".to_owned(), [1, 1])].into();
        assert!(compare(&unknown, &Counts::new()).1.is_some());
        assert!(parse("plan many 1").is_err());
    }

    #[test]
    fn the_c_library_counts_by_its_allocations_only() {
        let profile = "events: Ir\nfn=(1) _RNv4main\n1 10\n+1 5\ncfn=(2) malloc\ncalls=3 0\n\
                       2 900\n* 1\nfn=(2)\n3 900\nfn=(3) memcpy\n4 70\nfn=(1)\n5 4\n\
                       totals: 990\n";
        assert_eq!(counts(profile), [20, 3]);
    }
}
