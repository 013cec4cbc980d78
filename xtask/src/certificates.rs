//! Certificates for a server of tests and for one of its users, from an authority that is forgotten at once.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Writes `authority.crt`, `server.crt` for the name `localhost`, and `client.crt` for a user, with their keys.
pub(crate) fn write(folder: &Path, user: &str) -> anyhow::Result<()> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    fs::write(folder.join("authority.crt"), authority.pem())?;
    let mut client = CertificateParams::default();
    client.distinguished_name.push(DnType::CommonName, user);
    for (name, wanted) in [("server", CertificateParams::new(["localhost".to_owned()])?), ("client", client)]
    {
        let key = KeyPair::generate()?;
        let certificate = wanted.signed_by(&key, &authority)?;
        fs::write(folder.join(name).with_extension("crt"), certificate.pem())?;
        fs::write(folder.join(name).with_extension("key"), key.serialize_pem())?;
    }
    Ok(())
}
