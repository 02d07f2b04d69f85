//! `cargo xtask instructions`: counts the instructions, allocations and system calls of what the
//! provider does often, with valgrind, and compares them with `benches/instructions.txt`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::Command;

use crate::shell::{self, Result, binary, cargo, root};
use crate::tools;

/// The benchmarks of `xtask/examples/instructions.rs`.
const BENCHMARKS: [&str; 4] = ["codec", "sign", "plan", "throttle"];
/// Each benchmark runs this many rounds, then twice as many. The difference is what the rounds take,
/// without the start and the warm-up, whose allocations and system calls callgrind counts too.
const ROUNDS: u64 = 250;
/// How much a count may differ from the recorded one, in percent.
const TOLERANCE: f64 = 5.0;
/// Whether this platform has recorded counts. They differ by architecture.
pub(crate) const IS_COUNTED: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
const RECORD: &str = "cargo xtask instructions --record";

/// What is counted: instructions in Rust code, allocations by Rust code, and system calls. The
/// instructions of the C library are not counted, because it differs from machine to machine.
const KINDS: [&str; 3] = ["instructions", "allocations", "system calls"];
/// The functions of the C library that Rust's standard library calls to allocate.
const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];

/// What one round takes, of each kind, by the name of the benchmark.
type Counts = BTreeMap<String, [f64; 3]>;

/// Counts, prints the table, and fails if a benchmark takes more than recorded.
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
        .map(|(name, [instructions, allocations, system_calls])| {
            format!("{name} {instructions} {allocations} {system_calls}\n")
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
    let totals = |name: &str, rounds: u64| {
        let mut command = Command::new(&valgrind);
        command
            .args(["--quiet", "--tool=callgrind", "--demangle=no"])
            .arg("--collect-systime=yes")
            .arg("--toggle-collect=*instructions*counted*")
            .arg(format!("--callgrind-out-file={}", profile.display()))
            .arg(binary("instructions", "examples/instructions"))
            .args([name, &rounds.to_string()])
            // The size of the environment moves the stack.
            .env_clear();
        shell::output(&mut command)?;
        totals(&shell::read(&profile)?)
    };
    let count = |name: &str| {
        let counts = per_round(name, totals(name, ROUNDS)?, totals(name, 2 * ROUNDS)?)?;
        Ok((name.to_owned(), counts))
    };
    BENCHMARKS.into_iter().map(count).collect()
}

/// What one round takes, from the totals of `ROUNDS` rounds and of twice as many, to one decimal:
/// what happens once in many rounds does not matter.
fn per_round(name: &str, once: [u64; 3], twice: [u64; 3]) -> Result<[f64; 3]> {
    let mut counts = [0.0; 3];
    for (index, kind) in KINDS.into_iter().enumerate() {
        let difference = twice[index].saturating_sub(once[index]) as f64;
        counts[index] = (difference * 10.0 / ROUNDS as f64).round() / 10.0;
        let may_be_zero = kind == "system calls" && name != "throttle";
        if counts[index] <= 0.0 && !may_be_zero {
            return Err(format!(
                "valgrind counted no {kind} of {name}. Perhaps a function has another name here: \
                 compare the profile of callgrind with `totals` in xtask/src/instructions.rs."
            ));
        }
    }
    Ok(counts)
}

/// The totals in a profile of callgrind:
/// <https://valgrind.org/docs/manual/cl-format.html>.
fn totals(profile: &str) -> Result<[u64; 3]> {
    let events = profile.lines().find_map(|it| it.strip_prefix("events: "));
    let column = |event| {
        // The position in the source is before the events.
        let index = events.and_then(|it| it.split(' ').position(|it| it == event));
        index
            .map(|it| it + 1)
            .ok_or_else(|| format!("callgrind did not count {event}: update valgrind"))
    };
    let (instructions_at, system_calls_at) = (column("Ir")?, column("sysCount")?);
    let mut names = HashMap::new();
    // A name follows its number once. Later the number stands alone.
    let mut name = |text: &'_ str| {
        let (number, name) = text.split_once(' ').unwrap_or((text, ""));
        let known = names.entry(number.to_owned()).or_insert(name.to_owned());
        known.clone()
    };
    let [mut instructions, mut allocations, mut system_calls] = [0; 3];
    let (mut is_rust, mut called, mut is_call) = (false, String::new(), false);
    for line in profile.lines() {
        // Callgrind leaves out zeros at the end of a line.
        let number = |text: &str, index: usize| match text.split(' ').nth(index) {
            None => Ok(0),
            Some(number) => number
                .parse::<u64>()
                .map_err(|_| format!("not a line of a profile of callgrind: {line}")),
        };
        if let Some(function) = line.strip_prefix("fn=") {
            let function = name(function);
            is_rust = function.starts_with("_R") || function.starts_with("_ZN");
        } else if let Some(function) = line.strip_prefix("cfn=") {
            called = name(function);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            // The next line is what the called function took.
            is_call = true;
            if is_rust && ALLOCATORS.contains(&called.as_str()) {
                allocations += number(calls, 0)?;
            }
        } else if line.starts_with(|first: char| "+-*".contains(first) || first.is_ascii_digit()) {
            if !is_call {
                system_calls += number(line, system_calls_at)?;
                if is_rust {
                    instructions += number(line, instructions_at)?;
                }
            }
            is_call = false;
        }
    }
    Ok([instructions, allocations, system_calls])
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
            let percent = (count - before) * 100.0 / before;
            // Not a number: both are zero.
            let percent = if percent.is_nan() { 0.0 } else { percent };
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
        let mut count = || word()?.parse().ok();
        Some((name, [count()?, count()?, count()?]))
    };
    let counts: Option<Counts> = text.lines().map(line).collect();
    counts.ok_or_else(|| {
        let file = file();
        format!("not counts: {}. Write it with `{RECORD}`.", file.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_five_percent_above_fails_and_below_is_told() {
        let outcome = |instructions, allocations, system_calls| {
            let counts = [instructions, allocations, system_calls];
            let recorded = parse("plan 1000 11.5 0\n").unwrap();
            compare(&[("plan".to_owned(), counts)].into(), &recorded)
        };
        let (table, error) = outcome(1050.0, 12.0, 0.0);
        assert!(table.contains("+5.0 %") && error.is_none(), "{table}");
        assert!(table.contains("plan: 12 allocations, 11.5 recorded (+4.3 %)"));
        assert!(table.contains("plan: 0 system calls, 0 recorded (+0.0 %)"));
        let (_, error) = outcome(1100.0, 11.5, 0.0);
        let error = error.unwrap();
        assert!(error.starts_with("plan: 1100 instructions, 1000 recorded (+10.0 %)"));
        assert!(error.contains(RECORD));
        assert!(outcome(1000.0, 12.5, 0.0).1.is_some());
        assert!(outcome(1000.0, 11.5, 0.1).1.is_some());
        let (table, error) = outcome(940.0, 11.5, 0.0);
        assert!(table.contains(RECORD) && error.is_none(), "{table}");
        let unknown = [("new".to_owned(), [1.0; 3])].into();
        assert!(compare(&unknown, &Counts::new()).1.is_some());
        assert!(parse("plan many 1 1").is_err() && parse("plan 1 1").is_err());
    }

    #[test]
    fn the_c_library_counts_by_its_allocations_and_system_calls_only() {
        let profile = "events: Ir sysCount sysTime\nfn=(1) _RNv4main\n1 10\n+1 5\n\
                       cfn=(2) malloc\ncalls=3 0\n2 900 1\n* 1\nfn=(2)\n3 900 1 20\n\
                       fn=(3) memcpy\n4 70\nfn=(1)\n5 4\ntotals: 990\n";
        assert_eq!(totals(profile), Ok([20, 3, 1]));
        let error = totals("events: Ir\n").unwrap_err();
        assert!(error.contains("sysCount"), "{error}");
        let error = totals("events: Ir sysCount\nfn=(1) _R\n1 many\n").unwrap_err();
        assert_eq!(error, "not a line of a profile of callgrind: 1 many");
    }

    #[test]
    fn a_round_takes_the_difference_and_only_system_calls_may_be_zero() {
        let warm_up = [7000, 300, 40];
        let counts = per_round("plan", warm_up, [9500, 674, 45]);
        assert_eq!(counts, Ok([10.0, 1.5, 0.0]));
        let error = per_round("plan", warm_up, [12000, 300, 40]).unwrap_err();
        assert!(error.contains("no allocations of plan"), "{error}");
        assert!(per_round("plan", warm_up, [7000, 800, 40]).is_err());
        let error = per_round("throttle", warm_up, [12000, 800, 40]).unwrap_err();
        assert!(error.contains("no system calls of throttle"), "{error}");
    }
}
