//! One order, from the account to the certificate (RFC 8555 §7).

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};

use super::{AcmeConfig, dir::Dir, http::Http, schedule::Held};
use crate::certificate::{PemError, files};

/// How long the authority may take to look, and to sign.
const POLL: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).timeout(Duration::from_secs(120));

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("the directory: {0}")]
    Dir(#[from] io::Error),
    #[error("the authority's host cannot be verified: {0}")]
    Setup(Box<dyn std::error::Error + Send + Sync>),
    #[error("the authority: {0}")]
    Acme(#[from] Error),
    #[error("the authority offers no http-01 challenge for {0}")]
    NoChallenge(String),
    #[error("the authority could not verify that the hosts are ours: {0}")]
    Refused(String),
    #[error("the key: {0}")]
    Key(#[from] rcgen::Error),
    #[error("what the authority signed cannot be used: {0}")]
    Unusable(String),
}

impl OrderError {
    /// Whether the authority says that it was asked too much.
    pub(super) fn is_limited(&self) -> bool {
        self.is("rateLimited")
    }

    fn is(&self, kind: &str) -> bool {
        let Self::Acme(Error::Api(problem)) = self else { return false };
        problem.r#type.as_deref().is_some_and(|own| own.strip_prefix("urn:ietf:params:acme:error:") == Some(kind))
    }
}

/// Orders a certificate for all hosts: the chain and its key as one PEM text. What the authority is answered
/// stays in the directory until the order has ended.
pub(super) async fn order(config: &AcmeConfig, dir: &Dir) -> Result<String, OrderError> {
    let path = dir.account(&config.directory);
    let account = account(config, dir, &path).await?;
    let mut tokens = Vec::new();
    let ended = with(&account, config, dir, &mut tokens).await;
    tokens.iter().for_each(|token| dir.forget(token));
    if ended.as_ref().is_err_and(|error| error.is("accountDoesNotExist")) {
        // The next order makes another one.
        fs::remove_file(path)?;
    }
    ended
}

/// The account that is known, or a new one.
async fn account(config: &AcmeConfig, dir: &Dir, path: &Path) -> Result<Account, OrderError> {
    let http = Http::new(config.ca.as_deref()).map_err(OrderError::Setup)?;
    let builder = Account::builder_with_http(Box::new(http));
    match fs::read(path) {
        Ok(known) => {
            let known = serde_json::from_slice(&known).map_err(|error| io::Error::other(error.to_string()))?;
            Ok(builder.from_credentials(known).await?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let contact: Vec<&str> = config.contact.iter().map(String::as_str).collect();
            let wanted = NewAccount {
                contact: &contact,
                terms_of_service_agreed: config.terms_agreed,
                only_return_existing: false,
            };
            let (account, credentials) = builder.create(&wanted, config.directory.clone(), None).await?;
            dir.write(path, &serde_json::to_string(&credentials).map_err(Error::from)?)?;
            Ok(account)
        }
        Err(error) => Err(error.into()),
    }
}

async fn with(
    account: &Account,
    config: &AcmeConfig,
    dir: &Dir,
    tokens: &mut Vec<String>,
) -> Result<String, OrderError> {
    let hosts: Vec<String> = config.hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    let identifiers: Vec<Identifier> = hosts.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            // Shown before, and still believed.
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(OrderError::Refused(format!("{} is {other:?}", authorization.identifier()))),
        }
        let host = authorization.identifier().to_string();
        let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
            return Err(OrderError::NoChallenge(host));
        };
        dir.answer_with(&challenge.token, challenge.key_authorization().as_str())?;
        tokens.push(challenge.token.clone());
        challenge.set_ready().await?;
    }
    if !matches!(order.poll_ready(&POLL).await?, OrderStatus::Ready | OrderStatus::Valid) {
        return Err(OrderError::Refused(why(&mut order).await));
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(hosts.clone())?;
    // The hosts are its names. A common name that is none of them is refused.
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&POLL).await?;
    let whole = format!("{}\n{}", chain.trim_end(), key.serialize_pem());
    check(&whole, &hosts)?;
    Ok(whole)
}

/// What the authority says about the hosts it could not verify.
async fn why(order: &mut Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_err() {
            continue;
        }
        let host = authorization.identifier().to_string();
        let errors = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(errors.map(|problem| format!("{host}: {problem}")));
    }
    if reasons.is_empty() { "it does not say why".to_owned() } else { reasons.join("; ") }
}

/// Whether connections can be taken with it.
fn check(pem: &str, hosts: &[String]) -> Result<(), OrderError> {
    let path = Path::new("the answer");
    let unusable = |error: PemError| OrderError::Unusable(error.to_string());
    let chain = files::chain(path, pem.as_bytes()).map_err(unusable)?;
    let held = chain.first().and_then(|leaf| Held::read(leaf)).filter(|held| held.covers(hosts));
    if held.is_none_or(|held| held.stand_in) {
        return Err(OrderError::Unusable("it is not for all of the hosts".to_owned()));
    }
    let key = files::key(path, pem.as_bytes()).map_err(unusable)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| OrderError::Unusable(error.to_string()))?;
    Ok(())
}
