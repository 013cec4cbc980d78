//! The only SQL: migrations, group commit, journal, leases, outbox
