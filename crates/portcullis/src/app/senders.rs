//! From the configuration to what sends mail and text messages.

use std::{path::PathBuf, sync::Arc};

use identity::outbox::{
    MailSender, SmsSender,
    senders::{Files, InvalidMailUrl, InvalidSmsUrl, Smtp, Twilio},
};

use super::StartError;
use crate::config::Config;

/// Where messages go that no server takes.
fn folder(config: &Config) -> PathBuf {
    config.storage.data_dir.join("outbox")
}

/// What sends mail.
pub(super) fn mail(config: &Config) -> Result<Arc<dyn MailSender>, StartError> {
    let mail = &config.mail;
    let Some(url) = &mail.url else { return Ok(Arc::new(Files::new(folder(config)))) };
    let authority = match &mail.ca_file {
        None => None,
        Some(file) => Some(std::fs::read(file).map_err(|e| StartError::MailAuthority(file.clone(), e))?),
    };
    let smtp = Smtp::new(url, &mail.from, authority.as_deref()).map_err(|error| match error {
        InvalidMailUrl::From => StartError::Mail("mail.from", error),
        InvalidMailUrl::Certificate => StartError::Mail("mail.ca_file", error),
        _ => StartError::Mail("mail.url", error),
    })?;
    Ok(Arc::new(smtp))
}

/// What sends text messages.
pub(super) fn sms(config: &Config) -> Result<Arc<dyn SmsSender>, StartError> {
    let sms = &config.sms;
    match (&sms.url, &sms.account, &sms.token, &sms.from) {
        (None, ..) => Ok(Arc::new(Files::new(folder(config)))),
        (Some(url), Some(account), Some(token), Some(from)) => {
            Ok(Arc::new(Twilio::new(url, account, token, from).map_err(StartError::Sms)?))
        }
        // The configuration's rules refuse before.
        _ => Err(StartError::Sms(InvalidSmsUrl::Account)),
    }
}
