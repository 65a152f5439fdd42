//! The faults of the server itself, as its owner is told of them: backups, background tasks, the
//! certificate, room that runs out, alerts that cannot be read, and secrets that do not open.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::overview::{CertificateFault, CertificateWatch};
use crate::chat::Faults;
use crate::desk::faults::{self, Fault};
use crate::domain::channel::Topic;
use crate::journal::notices::{Matter, name_of};
use crate::store::backup::BackupState;
use crate::store::issues::{self, Issue};
use crate::store::{Capacity, Connection, Result};
use crate::tls::Certificates;
use crate::vault::Vault;
use crate::workers::Board;

/// The state outside the database that faults are found in.
#[derive(Clone)]
pub struct Surroundings {
    /// The state of the backups.
    pub backups: BackupState,
    /// States of the background tasks.
    pub workers: Board,
    /// The certificates of the listener for alerts, where it has any.
    pub certificates: Option<Arc<Certificates>>,
    /// The folder of an authority's answers, where one is asked.
    pub authority_dir: Option<PathBuf>,
    /// The room for the database.
    pub capacity: Capacity,
    /// Opens sealed secrets.
    pub vault: Vault,
    /// The address of the other algohook, where there is one.
    pub upstream: Option<String>,
}

impl Surroundings {
    /// The function that finds all faults, as sentences.
    pub fn sentences(&self) -> Faults {
        let surroundings = self.clone();
        Arc::new(move |connection, now| {
            let open = issues::open(connection)?;
            let matters = surroundings.matters(connection, &open, now)?.into_iter();
            Ok(matters.map(|matter| matter.title).collect())
        })
    }

    /// All that is wrong now; `open` is what was known to be.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub fn matters(
        &self,
        connection: &Connection,
        open: &[Issue],
        now: Timestamp,
    ) -> Result<Vec<Matter>> {
        let outward = faults::of_server(connection, &self.vault, self.upstream.as_deref())?;
        let told = self
            .backups
            .fault()
            .into_iter()
            .chain(self.workers.faults())
            .chain(outward.iter().map(Fault::text));
        let mut matters: Vec<Matter> = told.map(of_sentence).collect();
        let certificates = CertificateWatch {
            certificates: self.certificates.clone(),
            data_dir: self.authority_dir.clone(),
        };
        if let Some(fault) = certificates.fault(now) {
            matters.push(of_certificate(fault));
        }
        let name = name_of(Topic::Server, None, "room");
        let is_known = open.iter().any(|issue| issue.matter == name);
        if let Some(title) = self.capacity.shortage(connection, is_known)? {
            matters.push(of_name(name, title, Vec::new()));
        }
        Ok(matters)
    }
}

fn of_sentence(fault: String) -> Matter {
    let apart = fault.split([':', '.']).next().unwrap_or(&fault);
    of_name(name_of(Topic::Server, None, apart), fault, Vec::new())
}

/// A certificate that is gone is another matter than one that was only not renewed: its owner
/// is told at once, and not with the next day's reminder.
fn of_certificate(fault: CertificateFault) -> Matter {
    let apart = if fault.is_gone {
        "certificate is gone"
    } else {
        "certificate"
    };
    of_name(
        name_of(Topic::Server, None, apart),
        fault.title,
        fault.lines,
    )
}

fn of_name(name: String, title: String, lines: Vec<String>) -> Matter {
    Matter {
        name,
        topic: Topic::Server,
        webhook: None,
        title,
        lines,
        count: 0,
    }
}
