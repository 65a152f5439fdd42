//! The tests of the program from outside: one binary, because linking one for each file
//! takes longer than the tests.

mod acme;
mod api;
mod backups;
mod books;
mod cli;
mod clock;
mod compare;
mod crash;
mod damage;
mod deliveries;
mod demo;
mod derivation;
mod disk_full;
mod doctor;
mod events;
mod expectation;
mod expectation_oracle;
#[cfg(target_os = "linux")]
mod faults;
mod fills;
mod first_contact;
mod health;
mod hostile_files;
mod identity;
mod imports;
mod install;
mod ledger_tradingview;
mod limits;
mod list_terms;
mod login;
mod numbers;
mod overview;
mod own_exports;
mod owner;
mod page;
mod readme;
mod rebuild;
mod report_numbers;
mod report_oracle;
mod reports;
mod resends;
#[cfg(unix)]
mod restart;
mod retention;
mod security;
mod senders;
mod server;
mod strangers;
mod support;
mod tls;
mod traces;
mod trades;
mod upgrade;
mod wakes;
mod workers;
