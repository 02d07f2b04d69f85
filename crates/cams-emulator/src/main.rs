//! The binary of the emulator: reads the flags, listens, and serves until it is interrupted.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use base::clock::Clock;
use cams_emulator::Flags;
use clap::Parser;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed, there is no other place to report to.
            let _ = writeln!(io::stderr(), "cams-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn Error>> {
    // Signals are caught before the line below is printed, so that its reader can end the process
    // cleanly at once.
    let shutdown = shutdown()?;
    let address = flags.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with --listen")
    })?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    cams_emulator::serve(listener, flags, Clock::system(), shutdown).await;
    Ok(())
}

/// Waits for an interrupt or a request to terminate.
fn shutdown() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
