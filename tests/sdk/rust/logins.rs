// SPDX-License-Identifier: Apache-2.0

//! Every way in which this SDK logs in. Secrets, certificates and federated tokens go to the authority
//! that AZURE_AUTHORITY_HOST names; this SDK asks nobody else about it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use azure_core::credentials::{Secret, SecretBytes, TokenCredential};
use azure_identity::{
    ClientCertificateCredential, ClientSecretCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use crate::support::*;

pub fn with_secret(secret: String) -> Arc<dyn TokenCredential> {
    let (tenant, client) = (variable("SDK_TENANT"), variable("SDK_CLIENT_ID"));

    ClientSecretCredential::new(&tenant, client, Secret::new(secret), None).unwrap()
}

pub fn with_certificate() -> Arc<dyn TokenCredential> {
    let file = SecretBytes::new(fs::read(variable("SDK_CERTIFICATE_P12")).unwrap());
    let (tenant, client) = (variable("SDK_TENANT"), variable("SDK_CLIENT_ID"));

    ClientCertificateCredential::new(tenant, client, file, None).unwrap()
}

pub fn as_workload(file: String) -> Arc<dyn TokenCredential> {
    let options = WorkloadIdentityCredentialOptions {
        client_id: Some(variable("SDK_CLIENT_ID")),
        tenant_id: Some(variable("SDK_TENANT")),
        token_file_path: Some(PathBuf::from(file)),
        ..Default::default()
    };

    WorkloadIdentityCredential::new(Some(options)).unwrap()
}

fn as_user_assigned(client_id: String) -> Arc<dyn TokenCredential> {
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: Some(UserAssignedId::ClientId(client_id)),
        ..Default::default()
    };

    ManagedIdentityCredential::new(Some(options)).unwrap()
}

async fn refuses(credential: Arc<dyn TokenCredential>, word: &str) {
    let scopes = ["https://vault.azure.net/.default"];
    let error = credential
        .get_token(&scopes, None)
        .await
        .unwrap_err()
        .to_string();

    assert!(error.contains(word), "{error}");
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    refuses(with_secret("no".to_owned()), "AADSTS7000215").await;
}

#[tokio::test]
async fn a_token_that_is_none_is_no_workload() {
    refuses(as_workload(variable("SDK_RUN_JSON")), "AADSTS50027").await;
}

#[tokio::test]
async fn an_application_is_no_managed_identity() {
    refuses(
        as_user_assigned(variable("SDK_CLIENT_ID")),
        "ManagedIdentityCredential",
    )
    .await;
}

#[tokio::test]
async fn an_application_with_a_secret() -> Outcome {
    works(&client_with(with_secret(login(
        "secret",
        "AZURE_CLIENT_SECRET",
    ))))
    .await
}

#[tokio::test]
async fn an_application_with_a_certificate() -> Outcome {
    works(&client_with(with_certificate())).await
}

#[tokio::test]
async fn a_workload() -> Outcome {
    works(&client_with(as_workload(login(
        "workload",
        "AZURE_FEDERATED_TOKEN_FILE",
    ))))
    .await
}

#[tokio::test]
async fn the_managed_identity_of_the_machine() -> Outcome {
    works(&client_with(managed_identity())).await
}

#[tokio::test]
async fn a_managed_identity_that_is_named() -> Outcome {
    works(&client_with(as_user_assigned(login(
        "app-service",
        "AZURE_CLIENT_ID",
    ))))
    .await
}
