//! The addresses of a host, by its name.
//!
//! On Linux a resolver in Rust reads `/etc/hosts` and `/etc/resolv.conf` and asks the DNS servers, as
//! Terraform itself does there. A statically linked binary cannot use the one of the C library: that
//! loads the modules that `/etc/nsswitch.conf` names, which were built for another C library. On macOS
//! the system's resolver is used, because only that one knows the settings of a VPN.

use std::io;
use std::net::IpAddr;

/// Looks up the addresses of a host, in the order in which to try them. An IP address is its own
/// address.
///
/// # Errors
///
/// If the name does not exist, or no server answers.
pub async fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    #[cfg(target_os = "linux")]
    {
        let hosts = std::fs::read_to_string("/etc/hosts");
        match linux::in_hosts(&hosts.unwrap_or_default(), host) {
            found if found.is_empty() => linux::addresses(host, linux::settings()).await,
            found => Ok(found),
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::net::{IpAddr, Ipv4Addr};

    use hickory_resolver::TokioResolver;
    use hickory_resolver::config::{
        NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
    };
    use hickory_resolver::net::NetError;
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::system_conf::read_system_conf;

    type Settings = (ResolverConfig, ResolverOpts);

    /// The addresses that `/etc/hosts` has of a host (hosts(5)). If it has one, no server is asked. The
    /// resolver would ask for the addresses of the other version of IP.
    pub(crate) fn in_hosts(hosts: &str, host: &str) -> Vec<IpAddr> {
        let lines = hosts.lines().filter_map(|line| {
            let line = line.split('#').next()?;
            let (address, names) = line.trim().split_once(char::is_whitespace)?;
            let mut names = names.split_whitespace();
            let is_named = names.any(|name| name.eq_ignore_ascii_case(host));
            address.parse().ok().filter(|_| is_named)
        });
        lines.collect()
    }

    /// The settings in `/etc/resolv.conf` as they are now. Without that file, the server on this machine
    /// is asked (resolv.conf(5)).
    pub(crate) fn settings() -> Settings {
        read_system_conf().unwrap_or_else(|_| {
            let here = NameServerConfig::udp_and_tcp(Ipv4Addr::LOCALHOST.into());
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![here]);
            (config, ResolverOpts::default())
        })
    }

    /// Asks the servers in their order, as the C library does: the first one may know names that the
    /// others do not.
    pub(crate) async fn addresses(
        host: &str,
        (config, mut options): Settings,
    ) -> io::Result<Vec<IpAddr>> {
        options.use_hosts_file = ResolveHosts::Never;
        options.num_concurrent_reqs = 1;
        options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
        let provider = TokioRuntimeProvider::default();
        let builder = TokioResolver::builder_with_config(config, provider);
        let lookup = async {
            let resolver = builder.with_options(options).build()?;
            resolver.lookup_ip(host).await
        };
        let found = lookup.await.map_err(|error| reason(&error))?;
        Ok(found.iter().collect())
    }

    fn reason(error: &NetError) -> io::Error {
        if error.is_no_records_found() {
            return io::Error::new(io::ErrorKind::NotFound, "the name does not exist");
        }
        io::Error::other(format!(
            "no DNS server in /etc/resolv.conf answered: {error}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_its_own_and_this_machine_needs_no_server() {
        for address in ["192.0.2.7", "2001:db8::7"] {
            let expected: IpAddr = address.parse().unwrap();
            assert_eq!(addresses(address).await.unwrap(), [expected]);
        }
        let here = addresses("localhost").await.unwrap();
        assert!(!here.is_empty() && here.iter().all(IpAddr::is_loopback));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_hosts_file_names_hosts_with_several_addresses_and_names() {
        let hosts = "# cams.internal\n192.0.2.1\tdb cams.internal # here\nnonsense cams.internal\n\n\
                     2001:db8::1 CAMS.internal\n";
        let expected: [IpAddr; 2] = ["192.0.2.1", "2001:db8::1"].map(|it| it.parse().unwrap());
        assert_eq!(linux::in_hosts(hosts, "cams.internal"), expected);
        assert!(linux::in_hosts(hosts, "here").is_empty());
    }

    #[cfg(target_os = "linux")]
    mod with_a_server {
        use std::time::Duration;

        use hickory_resolver::config::{
            ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts,
        };
        use tokio::net::UdpSocket;

        use super::super::linux;

        /// A server that knows one address, 192.0.2.1, of the name `cams.test` in the domain
        /// `corp.example`.
        async fn server() -> u16 {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let port = socket.local_addr().unwrap().port();
            tokio::spawn(async move {
                let mut buffer = [0; 512];
                loop {
                    let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                    let question = &buffer[..length];
                    let name = b"\x04cams\x04test\x04corp\x07example\x00";
                    let is_known = question[12..].starts_with(name);
                    let is_ipv4 = is_known && question[12 + name.len()..].starts_with(&[0, 1]);
                    // The header (RFC 1035, 4.1.1): a response, with no such name or without error; one
                    // question, perhaps one answer.
                    let code = if is_known { 0 } else { 3 };
                    let counts = [0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0];
                    let mut answer = [&question[..2], &[0x81, 0x80 | code], &counts].concat();
                    let end = question[12..].iter().position(|byte| *byte == 0).unwrap() + 12 + 5;
                    answer.extend(&question[12..end]);
                    if is_ipv4 {
                        // The name of the question, A, IN, a minute, four bytes.
                        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
                    }
                    socket.send_to(&answer, from).await.unwrap();
                }
            });
            port
        }

        fn settings(port: u16) -> (ResolverConfig, ResolverOpts) {
            let mut connection = ConnectionConfig::udp();
            connection.port = port;
            let here = [127, 0, 0, 1].into();
            let server = NameServerConfig::new(here, true, vec![connection]);
            let search = vec!["corp.example".parse().unwrap()];
            let mut options = ResolverOpts::default();
            (options.timeout, options.attempts) = (Duration::from_millis(100), 1);
            (
                ResolverConfig::from_parts(None, search, vec![server]),
                options,
            )
        }

        #[tokio::test]
        async fn a_server_is_asked_and_its_search_domain_used() {
            let port = server().await;
            let found = linux::addresses("cams.test", settings(port)).await.unwrap();
            assert_eq!(found, [std::net::IpAddr::from([192, 0, 2, 1])]);
            let error = linux::addresses("nowhere.test", settings(port)).await;
            assert_eq!(error.unwrap_err().to_string(), "the name does not exist");
        }

        #[tokio::test]
        async fn a_server_that_does_not_answer_is_another_error() {
            let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let port = silent.local_addr().unwrap().port();
            let error = linux::addresses("cams.test", settings(port)).await;
            let text = error.unwrap_err().to_string();
            assert!(
                text.starts_with("no DNS server in /etc/resolv.conf answered"),
                "{text}"
            );
        }
    }
}
