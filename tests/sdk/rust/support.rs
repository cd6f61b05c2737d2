// SPDX-License-Identifier: Apache-2.0

//! What the tests share: clients as a user would make them, names, and the shape of a refusal.

use std::env;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorResponse;
use azure_identity::ManagedIdentityCredential;
use azure_security_keyvault_keys::models::{
    CreateKeyParameters, EncryptionAlgorithm, Key, KeyAttributes, KeyOperationParameters, KeyType,
    UpdateKeyPropertiesParameters,
};
use azure_security_keyvault_keys::{KeyClient, ResourceExt};

pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn read_json(path: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A variable that `coffer env --as` prints for a way to log in.
pub fn login(way: &str, name: &str) -> String {
    let variables = read_json(&format!("{}/{way}.json", variable("SDK_LOGINS")));

    variables[name]
        .as_str()
        .unwrap_or_else(|| panic!("{way} has no {name}"))
        .to_owned()
}

/// The managed identity that the environment names.
pub fn managed_identity() -> Arc<dyn TokenCredential> {
    ManagedIdentityCredential::new(None).unwrap()
}

pub fn client_with(credential: Arc<dyn TokenCredential>) -> KeyClient {
    KeyClient::new(&variable("AZURE_KEYVAULT_URL"), credential, None).unwrap()
}

/// A client of the vault of the environment.
pub fn dev() -> KeyClient {
    client_with(managed_identity())
}

/// A client of the managed HSM, whose address is in the server's run.json.
pub fn pool() -> KeyClient {
    let running = read_json(&variable("SDK_RUN_JSON"));
    let pool = running["vaults"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "pool");

    KeyClient::new(
        pool.unwrap()["url"].as_str().unwrap(),
        managed_identity(),
        None,
    )
    .unwrap()
}

/// A name no other test has.
pub fn new_name(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();

    format!("{prefix}-{now:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

pub const DATA_KEY: [u8; 32] = [7; 32];

pub async fn create(client: &KeyClient, name: &str, kind: KeyType) -> Outcome<Key> {
    let body = CreateKeyParameters {
        kty: Some(kind),
        ..Default::default()
    };

    Ok(client
        .create_key(name, body.try_into()?, None)
        .await?
        .into_model()?)
}

pub async fn set_enabled(client: &KeyClient, name: &str, enabled: bool) -> Outcome<Key> {
    let body = UpdateKeyPropertiesParameters {
        key_attributes: Some(KeyAttributes {
            enabled: Some(enabled),
            ..Default::default()
        }),
        ..Default::default()
    };

    Ok(client
        .update_key_properties(name, body.try_into()?, None)
        .await?
        .into_model()?)
}

pub fn operation(algorithm: EncryptionAlgorithm, value: &[u8]) -> KeyOperationParameters {
    KeyOperationParameters {
        algorithm: Some(algorithm),
        value: Some(value.to_vec()),
        ..Default::default()
    }
}

/// Wraps the data key with the key's latest version: that version, and the wrapped key.
pub async fn wrap(client: &KeyClient, name: &str) -> Outcome<(String, Vec<u8>)> {
    let body = operation(EncryptionAlgorithm::RsaOaep256, &DATA_KEY);
    let wrapped = client
        .wrap_key(name, body.try_into()?, None)
        .await?
        .into_model()?;
    let version = wrapped
        .resource_id()?
        .version
        .ok_or("a kid without a version")?;

    Ok((version, wrapped.result.ok_or("no result")?))
}

pub async fn unwrap(
    client: &KeyClient,
    name: &str,
    version: &str,
    wrapped: &[u8],
) -> azure_core::Result<Vec<u8>> {
    let body = operation(EncryptionAlgorithm::RsaOaep256, wrapped);
    let unwrapped = client
        .unwrap_key(name, version, body.try_into()?, None)
        .await?
        .into_model()?;

    Ok(unwrapped.result.unwrap_or_default())
}

/// That this client can make a key, and wrap and unwrap with it, as whoever it is.
pub async fn works(client: &KeyClient) -> Outcome {
    let name = new_name("login");

    create(client, &name, KeyType::Rsa).await?;
    let (version, wrapped) = wrap(client, &name).await?;
    assert_eq!(unwrap(client, &name, &version, &wrapped).await?, DATA_KEY);
    Ok(())
}

/// Checks status, error.code and error.innererror.code ("": there is none) of a refusal.
pub fn refused(error: azure_core::Error, status: u16, code: &str, inner: &str) {
    let text = error.to_string();
    assert_eq!(error.http_status().map(u16::from), Some(status), "{text}");
    let detail = ErrorResponse::try_from(error).unwrap().error.unwrap();
    let found = detail
        .inner_error
        .and_then(|one| one.code)
        .unwrap_or_default();

    assert_eq!(
        (detail.code.as_deref(), found.as_str()),
        (Some(code), inner),
        "{text}"
    );
}
