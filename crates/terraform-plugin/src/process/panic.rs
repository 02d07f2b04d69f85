//! What happens to the message of a panic.
//!
//! Terraform takes a line on stderr that begins with `panic: ` for the crash of the plugin, and
//! shows it to the user. So only a panic that ends the process prints such a line. Every other
//! panic is caught by the task in which it happens, and its message goes to the log.

use std::io::Write;
use std::thread;

use base::foreign_text;

use super::Plugin;

/// Replaces the panic hook of the process.
///
/// Call it from the main thread. A panic there ends the process, unless it happens in a task: the
/// runtime, which may run tasks in that thread, catches their panics, and those in its other threads.
pub fn install_hook(plugin: &Plugin) {
    let name = plugin.name;
    let main = thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        // One line of at most 1000 characters.
        let message =
            foreign_text::line(info.payload_as_str().unwrap_or("a value that is not text"));
        let location = info.location().map(ToString::to_string);
        let location = location.as_deref().unwrap_or("an unknown place");
        if thread::current().id() == main && tokio::task::try_id().is_none() {
            let report =
                format!("panic: {message}\n\nin terraform-provider-{name} at {location}\n");
            // If stderr cannot be written to, there is no other place for the report.
            let _ = std::io::stderr().write_all(report.as_bytes());
        } else {
            tracing::error!(
                location,
                panic = message,
                "caught a panic: this is a bug in the provider"
            );
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process::log;
    use crate::process::plugin::testing::TOY;
    use base::clock::Clock;
    use base::environment::Environment;

    const CHILD: &str = "PANIC_TEST_CHILD";

    /// Runs itself in a process of its own, because a panic hook is for the whole process.
    #[test]
    fn only_a_panic_that_ends_the_process_looks_like_a_crash() {
        let environment = Environment::of_process();
        if environment.get(CHILD).is_some() {
            return panic_often(&environment);
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "process::panic::tests::only_a_panic_that_ends_the_process_looks_like_a_crash",
            ])
            .arg("--nocapture")
            .envs([(CHILD, "1"), ("TF_LOG", "ERROR")])
            .output()
            .unwrap();
        assert!(!output.status.success());
        let stderr = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = stderr.lines().collect();
        assert!(
            lines[0].starts_with(r#"{"@level":"error","@message":"caught a panic"#),
            "{stderr}"
        );
        assert!(
            lines[0].contains(r#""panic":"survived with a line break""#),
            "{stderr}"
        );
        let cut = format!(r#""panic":"{}""#, "é".repeat(1000));
        assert!(lines[1].contains(&cut), "{stderr}");
        assert!(
            lines[2].contains(r#""panic":"a value that is not text""#),
            "{stderr}"
        );
        assert!(lines[3].contains(r#""panic":"in a task""#), "{stderr}");
        assert_eq!(lines[4], "panic: the end", "{stderr}");
        assert!(
            lines[6].starts_with("in terraform-provider-toy at "),
            "{stderr}"
        );
        assert!(lines[6].contains("src/process/panic.rs:"), "{stderr}");
    }

    fn panic_often(environment: &Environment) {
        let flush = log::install(&TOY, environment, &Clock::system());
        install_hook(&TOY);
        let threads: [fn(); 3] = [
            || panic!("survived with a{}line break", '\n'),
            || panic!("{}", "é".repeat(1024)),
            || std::panic::panic_any(7),
        ];
        for panics in threads {
            assert!(thread::spawn(panics).join().is_err());
        }
        // The provider's runtime runs its tasks in the main thread.
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let task = async { tokio::spawn(async { panic!("in a task") }).await };
        assert!(runtime.expect("a runtime").block_on(task).is_err());
        drop(flush);
        panic!("the end");
    }
}
