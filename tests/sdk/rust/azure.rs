// SPDX-License-Identifier: Apache-2.0

//! The same under Azure's own names and addresses, where the environment names nothing. The metadata
//! service of a virtual machine can be had nowhere else: this SDK takes no other address for it.

use crate::logins::*;
use crate::support::*;

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
async fn a_virtual_machine() -> Outcome {
    works(&client_with(managed_identity())).await
}
