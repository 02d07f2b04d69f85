//! A service, arguments and an environment that are made to spoil a report, and places where none
//! can be written.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{COUNTRY, Examined, KEY_ID, NUMBER, SECRET, SPACE, emulator, examine, settings};
use crate::support::PROVIDER;

const TOKEN: &str = "token-of-the-doctor/5d41402abc4b+x";
const ACCOUNT: &str = "1234567890123456";

/// What steers a terminal, or changes how a text is shown without being seen.
const STEERING: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{61c}\r\n";

/// How many rows of the list have a status that no other row has.
const DISTINCT: usize = 10_000;

/// A status or a name of a column that has the form of one, and is like no other.
fn distinct(at: usize) -> String {
    let letter =
        |place: u32| char::from(b'A' + u8::try_from(at / 26_usize.pow(place) % 26).unwrap());
    (0..4).map(letter).collect()
}

/// Texts that a report must not show as they are.
fn poison() -> Vec<String> {
    let personal = format!("{COUNTRY}{NUMBER}");
    let quoted = [KEY_ID, SECRET, TOKEN, SPACE, ACCOUNT, NUMBER, &personal];
    let quoted = quoted.map(|text| format!("Quoted.{text}"));
    let steering = format!("PEND{STEERING}ING");
    quoted
        .into_iter()
        .chain([steering, "9".repeat(300)])
        .collect()
}

/// Answers every request of doctor with poison, until the test ends.
fn hostile() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let known = |at| json!({ "PhoneNumber": format!("{COUNTRY}{NUMBER}"), "Status": distinct(at) });
    let mut rows: Vec<Value> = (0..DISTINCT).map(known).collect();
    for text in poison() {
        rows.push(json!({ "PhoneNumber": "861", "Status": text, text: "x" }));
    }
    rows.extend((0..3).map(|_| json!({ "Status": "CONNECTED" })));
    let columns = (0..1000).map(|at| (distinct(at), Value::Null));
    rows.push(Value::Object(columns.collect()));
    let list = json!({ "Code": "OK", "PhoneNumbers": rows }).to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &list);
        }
    });
    url
}

fn answer(mut stream: TcpStream, list: &str) {
    let poisoned = poison().concat();
    let refusal = json!({
        "Code": poison()[2..].join("").chars().take(200).collect::<String>(),
        "Message": poisoned, "RequestId": format!("R{STEERING}"),
    });
    let waba =
        json!({ "Code": "OK", "Data": { "AccountReviewStatus": format!("P{STEERING}{ACCOUNT}") } });
    let open = json!({ "Code": "OK", "OpenStatus": true });
    let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut asked = String::new();
    while let Some(Ok(line)) = head.next() {
        if line.is_empty() {
            break;
        }
        asked.push_str(&line);
    }
    let (status, body) = match asked {
        asked if asked.contains("QueryChatappPhoneNumbers") => ("200 OK", list.to_owned()),
        asked if asked.contains("QueryChatappBindWaba") => ("200 OK", waba.to_string()),
        asked if asked.contains("GetChatappOpenStatus") => ("200 OK", open.to_string()),
        _ => ("400 Bad Request", refusal.to_string()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    // Doctor may have given up.
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
}

/// Fails if something in the output steers a terminal.
fn assert_is_plain(run: &Examined) {
    let steers = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{61c}".contains(c));
    for output in [&run.stdout, &run.stderr] {
        assert!(!output.contains(steers), "{output:?}");
    }
}

#[test]
fn what_a_hostile_service_answers_neither_steers_nor_leaks_nor_floods() {
    let url = hostile();
    let settings = [
        ("CAMS_ENDPOINT", url.as_str()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN),
        ("ALICLOUD_ACCOUNT_ID", ACCOUNT),
        ("CAMS_CUST_SPACE_ID", SPACE),
    ];
    let number = format!("{COUNTRY}/{NUMBER}");
    let text = examine(&settings, &["--number", &number]);
    let json = examine(&settings, &["--json", "--number", &number]);
    for run in [&text, &json] {
        assert_is_plain(run);
        assert!(run.stdout.len() < 20 << 10, "{} bytes", run.stdout.len());
        for secret in [KEY_ID, SECRET, TOKEN, &TOKEN[..16]] {
            assert!(!run.stdout.contains(secret), "{secret}:\n{}", run.stdout);
        }
    }
    text.assert_says(&[
        "3 CONNECTED",
        "other statuses",
        "RAM allows QueryChatappPhoneNumbers",
    ]);
    for personal in [SPACE, NUMBER, ACCOUNT, "Quoted"] {
        assert!(
            !json.stdout.contains(personal),
            "{personal}:\n{}",
            json.stdout
        );
    }
    let report = json.json();
    assert_eq!(report["waba"]["review_status"], "other");
    let missing = report["open_questions"]["missing_number"].as_str().unwrap();
    assert!(missing.contains("a code that is no name"), "{missing}");
    let lookup = &report["operations"]["GetPhoneNumberVerificationStatus"];
    assert_eq!(lookup["errors"][0]["code"], "other");
    let statuses = report["list"]["statuses"].as_object().unwrap();
    assert_eq!((statuses.len(), &statuses["CONNECTED"]), (10, &json!(3)));
    let named: u64 = statuses.values().filter_map(Value::as_u64).sum();
    let others = report["list"]["rows_of_other_statuses"].as_u64().unwrap();
    // Beside the three there is one row without a status.
    let rows = DISTINCT + poison().len() + 4;
    assert_eq!(usize::try_from(named + others).unwrap(), rows);
    assert!(report["list"]["columns"].as_array().unwrap().len() <= 50);
    assert!(report["list"]["other_columns"].as_u64().unwrap() > 900);
}

#[test]
fn arguments_and_environment_do_not_steer_the_terminal() {
    let emulator = emulator(&[]);
    let space = format!("cams{}space", STEERING.trim_end());
    let state = tempfile::tempdir().unwrap();
    let state = format!("{}/{STEERING}/state", state.path().display());
    let mut settings = settings(&emulator);
    settings.retain(|(name, _)| *name != "CAMS_CUST_SPACE_ID");
    settings.extend([
        ("CAMS_CUST_SPACE_ID", space.as_str()),
        ("CAMS_THROTTLE_STATE_DIRECTORY", state.as_str()),
    ]);
    for arguments in [&[][..], &["--json"]] {
        assert_is_plain(&examine(&settings, arguments));
    }
    examine(&settings, &[]).assert_says(&["The space is cams", "/state"]);
    let long = format!("--{}", "x".repeat(100_000));
    for wrong in [STEERING, &format!("--number={STEERING}"), &long] {
        let run = examine(&settings, &[wrong]);
        assert_eq!(run.code, Some(2));
        assert_is_plain(&run);
        assert!(run.stderr.len() < 4 << 10, "{} bytes", run.stderr.len());
    }
    let plugin = Command::new(PROVIDER).arg(STEERING).output().unwrap();
    let stderr = String::from_utf8(plugin.stderr).unwrap();
    assert!(
        !stderr.contains(['\u{1b}', '\u{9b}', '\u{202e}']),
        "{stderr:?}"
    );
}

/// A full disk, a stdout that is closed, and a reader that is gone.
#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let emulator = emulator(&[]);
    for arguments in [
        &["doctor"][..],
        &["doctor", "--json"],
        &["doctor", "--help"],
    ] {
        for stdout in [">/dev/full", ">&-", ""] {
            let home = tempfile::tempdir().unwrap();
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            let output = Command::new("sh")
                .args(["-c", &format!("exec \"$0\" \"$@\" {stdout}"), PROVIDER])
                .args(arguments)
                .env("CAMS_THROTTLE_STATE_DIRECTORY", home.path())
                .envs(settings(&emulator))
                .stdin(Stdio::null())
                .stdout(writer)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
                .wait_with_output()
                .unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(
                output.status.code(),
                Some(3),
                "{stdout} {arguments:?}: {stderr}"
            );
            let said = stderr.starts_with("the report cannot be written to stdout: ");
            assert!(said && !stderr.contains("panic"), "{stdout}: {stderr}");
        }
    }
    let dropped = Command::new(PROVIDER)
        .args(["doctor", "--help"])
        .stdout(Stdio::null())
        .status();
    assert_eq!(dropped.unwrap().code(), Some(0));
}
