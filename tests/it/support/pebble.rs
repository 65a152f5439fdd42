//! Let's Encrypt's test authority and a DNS server, both on loopback.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use tempfile::TempDir;

use super::tls::{Authority, HOST, TlsClient, request};
use super::{skipped, wait_until};

/// Ports of 127.0.0.1 that nothing listens on now. They lie below those that the
/// system gives out by itself, so that nothing takes one before its user does.
pub fn free_ports<const N: usize>() -> [u16; N] {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test executables that run at the same time begin at different places.
    let first = 10_000 + u16::try_from(std::process::id() % 200).unwrap() * 100;
    let is_free = |port: &u16| TcpListener::bind(local(*port)).is_ok();
    let mut ports = std::iter::repeat_with(|| first + TAKEN.fetch_add(1, Ordering::Relaxed) % 100);
    [(); N].map(|()| ports.find(is_free).unwrap())
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// How an authority is set up.
pub struct Setup {
    /// Where it looks for TLS-ALPN-01.
    pub tls_port: u16,
    /// Where it looks for HTTP-01.
    pub http_port: u16,
    /// Whether the name leads to this machine.
    pub resolves: bool,
    /// Id and key (base64url) of the only customer that it takes.
    pub binding: Option<(&'static str, &'static str)>,
}

/// The files and ports of an authority, which may run or not.
pub struct Pebble {
    files: TempDir,
    port: u16,
    management: u16,
    authority: Authority,
    setup: Setup,
    running: Vec<Child>,
}

/// False, having said so, where the authority cannot be started here.
pub fn is_installed(test: &str) -> bool {
    let found = ["pebble", "pebble-challtestsrv"].map(|name| {
        let mut which = Command::new("which");
        which.arg(name).stdout(Stdio::null());
        which.status().is_ok_and(|status| status.success())
    });
    if found == [true, true] {
        return true;
    }
    skipped(test, "pebble is not installed (apt-get install pebble)");
    false
}

impl Pebble {
    pub fn new(setup: Setup) -> Self {
        let files = TempDir::new().unwrap();
        let authority = Authority::new("Authority of the authority");
        let mut params =
            rcgen::CertificateParams::new(vec!["localhost".to_owned(), HOST.to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        authority.sign(&params).write_to(files.path());
        std::fs::write(files.path().join("roots.pem"), authority.pem()).unwrap();
        let [port, management] = free_ports();
        Self {
            files,
            port,
            management,
            authority,
            setup,
            running: Vec::new(),
        }
    }

    /// The same authority, looking elsewhere from its next start on.
    pub fn set_up(&mut self, setup: Setup) {
        self.setup = setup;
    }

    /// What `--acme-directory` names.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// What `--acme-ca` names.
    pub fn roots(&self) -> PathBuf {
        self.files.path().join("roots.pem")
    }

    pub fn start(&mut self) {
        let [dns, dns_management] = free_ports();
        let address = if self.setup.resolves { "127.0.0.1" } else { "" };
        let resolver = format!("127.0.0.1:{dns}");
        self.spawn(
            "pebble-challtestsrv",
            &[
                "-defaultIPv4",
                address,
                "-defaultIPv6",
                "",
                "-dns01",
                &resolver,
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                &format!("127.0.0.1:{dns_management}"),
            ],
        );
        wait_until("the DNS server listens", || {
            TcpStream::connect(local(dns)).is_ok()
        });
        self.write_config();
        let config = self.files.path().join("config.json");
        self.spawn(
            "pebble",
            &["-config", config.to_str().unwrap(), "-dnsserver", &resolver],
        );
        wait_until("the authority listens", || {
            TcpStream::connect(local(self.port)).is_ok()
                && TcpStream::connect(local(self.management)).is_ok()
        });
    }

    fn write_config(&self) {
        let path = |name| self.files.path().join(name).display().to_string();
        let mut settings = json!({
            "listenAddress": local(self.port).to_string(),
            "managementListenAddress": local(self.management).to_string(),
            "certificate": path("cert.pem"),
            "privateKey": path("key.pem"),
            "httpPort": self.setup.http_port,
            "tlsPort": self.setup.tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": self.setup.binding.is_some(),
        });
        if let Some((id, key)) = self.setup.binding {
            settings["externalAccountMACKeys"] = json!({ id: key });
        }
        let config = json!({ "pebble": settings }).to_string();
        std::fs::write(path("config.json"), config).unwrap();
    }

    fn spawn(&mut self, program: &str, arguments: &[&str]) {
        let log = File::create(self.files.path().join(format!("{program}.log"))).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "10")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.running.push(child.unwrap());
    }

    pub fn stop(&mut self) {
        for mut child in self.running.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.files.path().join("pebble.log")).unwrap()
    }

    /// A client that trusts what this authority signs.
    pub fn client(&self) -> TlsClient {
        let asking = TlsClient::trusting(&self.authority);
        let answer = asking
            .exchange(local(self.management), &request("GET", "/roots/0", ""))
            .unwrap();
        let (_, pem) = answer.split_once("\r\n\r\n").unwrap();
        TlsClient::trusting_certificate(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}
