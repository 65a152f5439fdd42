//! The sender of a delivery, and the proof of it.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_parser::oid_registry::OID_PKCS1_SHA1WITHRSA;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::domain::sender::{Senders, Verification};
use crate::store::senders::Issuer;
use crate::text;

/// The organization in TradingView's certificate; anybody can write it into one of theirs.
const ORGANIZATION: &str = "TradingView, Inc.";
const COMMON_NAMES: [&str; 2] = ["webhook-server@tradingview.com", "TradingView Webhooks"];
const EMAIL: &str = "webhook-server@tradingview.com";

/// Issuers that are known, after which no more are learned.
const MOST_KNOWN: usize = 16;

/// Authorities between a certificate and the pinned key that are looked at.
const LONGEST_CHAIN: usize = 4;

/// The one who sent a delivery.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The address that it came from.
    pub address: IpAddr,
    /// The client certificate that was shown, with possession of its key.
    pub certificate: Option<Arc<PeerCertificate>>,
    /// True if it is the owner, who may always send.
    pub is_owner: bool,
    /// True if it is to be tried only, and to make no order.
    pub is_test: bool,
    /// The webhooks that it has come through, where another algohook passed it on.
    pub via: String,
}

impl Sender {
    /// True of another algohook that passes an alert on: it sends again what is not taken.
    #[must_use]
    pub fn is_algohook(&self) -> bool {
        !self.via.is_empty()
    }
}

impl From<IpAddr> for Sender {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            certificate: None,
            is_owner: false,
            is_test: false,
            via: String::new(),
        }
    }
}

/// A client certificate that was shown in a handshake: first its own, then what signed it.
#[derive(Debug)]
pub struct PeerCertificate {
    chain: Vec<Vec<u8>>,
}

impl PeerCertificate {
    /// The certificate of a handshake in which the possession of its key was proved.
    #[must_use]
    pub fn new(chain: Vec<Vec<u8>>) -> Self {
        Self { chain }
    }

    /// True if it says that it is TradingView's, and is good at `now`. Who says so
    /// is another question: see [`Self::is_signed_by`].
    #[must_use]
    pub fn claims_tradingview(&self, now: Timestamp) -> bool {
        self.leaf().is_some_and(|leaf| {
            is_good_at(&leaf, now) && has_name(leaf.subject()) && has_email(&leaf)
        })
    }

    /// True if a key signed it, itself or through authorities between that were sent along;
    /// also where that key is its own.
    #[must_use]
    pub fn is_signed_by(&self, public_key: &[u8], now: Timestamp) -> bool {
        let Some(leaf) = self.leaf() else {
            return false;
        };
        if leaf.public_key().raw == public_key {
            return true;
        }
        let Ok((_, key)) = SubjectPublicKeyInfo::from_der(public_key) else {
            return false;
        };
        let chain = self.chain.iter().skip(1).take(LONGEST_CHAIN);
        let between: Vec<X509Certificate<'_>> = chain.filter_map(|der| parse(der)).collect();
        let mut signed = &leaf;
        for below in 0..=between.len() {
            if is_signed(signed, &key) {
                return true;
            }
            let mut parents = between.iter();
            let parent = parents.find(|parent| {
                may_sign(parent, below, now) && is_signed(signed, parent.public_key())
            });
            match parent {
                Some(parent) => signed = parent,
                None => return false,
            }
        }
        false
    }

    /// The key that signed it, where its certificate was sent along; else its own.
    #[must_use]
    pub fn issuer(&self, now: Timestamp) -> Option<Issuer> {
        let leaf = self.leaf()?;
        let parents = self.chain.iter().skip(1);
        let parent = parents
            .filter_map(|der| parse(der))
            .find(|parent| is_signed(&leaf, parent.public_key()));
        let named = parent.as_ref().unwrap_or(&leaf);
        Some(issuer_of(named, now))
    }

    fn leaf(&self) -> Option<X509Certificate<'_>> {
        parse(self.chain.first()?)
    }
}

/// The issuer that a certificate in a file stands for.
#[must_use]
pub fn issuer_from_der(der: &[u8], now: Timestamp) -> Option<Issuer> {
    parse(der).map(|certificate| issuer_of(&certificate, now))
}

fn issuer_of(certificate: &X509Certificate<'_>, now: Timestamp) -> Issuer {
    let public_key = certificate.public_key().raw;
    let fingerprint = text::hex(&Sha256::digest(public_key));
    let name = certificate.subject().to_string();
    Issuer {
        fingerprint,
        public_key: public_key.to_vec(),
        name: name.chars().filter(|c| !c.is_control()).take(200).collect(),
        seen_at: now,
        pinned_at: None,
    }
}

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der)
        .ok()
        .map(|(_, certificate)| certificate)
}

fn is_signed(certificate: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> bool {
    // SHA-1 can be made to say anything.
    certificate.signature_algorithm.algorithm != OID_PKCS1_SHA1WITHRSA
        && certificate.verify_signature(Some(key)).is_ok()
}

fn is_good_at(certificate: &X509Certificate<'_>, now: Timestamp) -> bool {
    let (validity, now) = (certificate.validity(), now.as_second());
    validity.not_before.timestamp() <= now && now <= validity.not_after.timestamp()
}

/// True if a certificate is an authority's, so that what it signs counts, with so many
/// authorities between itself and the one who shows it.
fn may_sign(certificate: &X509Certificate<'_>, below: usize, now: Timestamp) -> bool {
    let is_authority = certificate.basic_constraints().is_ok_and(|stated| {
        stated.is_some_and(|stated| {
            let deepest = stated.value.path_len_constraint;
            stated.value.ca && deepest.is_none_or(|deepest| below <= deepest as usize)
        })
    });
    let signs = certificate
        .key_usage()
        .is_ok_and(|stated| stated.is_none_or(|stated| stated.value.key_cert_sign()));
    is_authority && signs && is_good_at(certificate, now)
}

fn has_name(subject: &X509Name<'_>) -> bool {
    let mut organizations = subject.iter_organization();
    let mut names = subject.iter_common_name();
    organizations.any(|value| value.as_str() == Ok(ORGANIZATION))
        && names.any(|value| {
            value
                .as_str()
                .is_ok_and(|name| COMMON_NAMES.contains(&name))
        })
}

/// An address that it states has to be TradingView's; the older ones state none.
fn has_email(certificate: &X509Certificate<'_>) -> bool {
    let Ok(stated) = certificate.subject_alternative_name() else {
        return false;
    };
    stated.is_none_or(|names| {
        let mut names = names.value.general_names.iter();
        names.any(|name| matches!(name, GeneralName::RFC822Name(email) if *email == EMAIL))
    })
}

/// The setting of senders as ingestion uses it.
#[derive(Debug, Default)]
pub struct KnownSenders {
    /// The server's setting.
    pub senders: Senders,
    /// Every issuer that was seen.
    pub issuers: Vec<Issuer>,
}

impl KnownSenders {
    /// The proof that a sender is TradingView.
    #[must_use]
    pub fn verify(&self, sender: &Sender, now: Timestamp) -> Option<Verification> {
        if let Some(certificate) = &sender.certificate
            && certificate.claims_tradingview(now)
            && self
                .pinned()
                .any(|issuer| certificate.is_signed_by(&issuer.public_key, now))
        {
            return Some(Verification::Certificate);
        }
        self.has_address(sender.address)
            .then_some(Verification::Address)
    }

    /// The issuer to show to the owner, after an alert with the right key: it came
    /// from a TradingView address with a certificate that says TradingView, and
    /// nobody knows the one who signed it.
    #[must_use]
    pub fn new_issuer(&self, sender: &Sender, now: Timestamp) -> Option<Issuer> {
        let certificate = sender.certificate.as_ref()?;
        if !self.has_address(sender.address) || !certificate.claims_tradingview(now) {
            return None;
        }
        let issuer = certificate.issuer(now)?;
        if self.issuers.len() >= MOST_KNOWN {
            return None;
        }
        let is_known = |known: &Issuer| known.fingerprint == issuer.fingerprint;
        (!self.issuers.iter().any(is_known)).then_some(issuer)
    }

    fn pinned(&self) -> impl Iterator<Item = &Issuer> {
        self.issuers
            .iter()
            .filter(|issuer| issuer.pinned_at.is_some())
    }

    /// True if an address is one of TradingView's.
    #[must_use]
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.senders.addresses.contains(&address.to_canonical())
    }
}
