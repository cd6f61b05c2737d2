// SPDX-License-Identifier: Apache-2.0

//! A key's life, and what is refused on its way.

use azure_security_keyvault_keys::ResourceExt;
use azure_security_keyvault_keys::models::{EncryptionAlgorithm, KeyClientGetKeyOptions, KeyType};

use crate::support::*;

#[tokio::test]
async fn an_unknown_key_is_not_found() {
    let error = dev().get_key(&new_name("none"), None).await.unwrap_err();

    refused(error, 404, "KeyNotFound", "");
}

#[tokio::test]
async fn a_disabled_key_unwraps_nothing() -> Outcome {
    let (client, name) = (dev(), new_name("disabled"));
    create(&client, &name, KeyType::Rsa).await?;
    let (version, wrapped) = wrap(&client, &name).await?;

    set_enabled(&client, &name, false).await?;
    let error = unwrap(&client, &name, &version, &wrapped)
        .await
        .unwrap_err();
    refused(error, 403, "Forbidden", "KeyDisabled");

    set_enabled(&client, &name, true).await?;
    assert_eq!(unwrap(&client, &name, &version, &wrapped).await?, DATA_KEY);
    Ok(())
}

#[tokio::test]
async fn a_ciphertext_of_another_key_is_refused() -> Outcome {
    let (client, name, other) = (dev(), new_name("one"), new_name("other"));
    create(&client, &name, KeyType::Rsa).await?;
    create(&client, &other, KeyType::Rsa).await?;
    let (_, wrapped) = wrap(&client, &other).await?;
    let (version, _) = wrap(&client, &name).await?;

    refused(
        unwrap(&client, &name, &version, &wrapped)
            .await
            .unwrap_err(),
        400,
        "BadParameter",
        "",
    );
    Ok(())
}

#[tokio::test]
async fn a_deleted_key_is_gone_until_it_is_recovered() -> Outcome {
    let (client, name) = (dev(), new_name("deleted"));
    create(&client, &name, KeyType::Ec).await?;

    client.delete_key(&name, None).await?;
    refused(
        client.get_key(&name, None).await.unwrap_err(),
        404,
        "KeyNotFound",
        "",
    );
    client.recover_deleted_key(&name, None).await?;
    assert_eq!(
        client
            .get_key(&name, None)
            .await?
            .into_model()?
            .resource_id()?
            .name,
        name
    );
    Ok(())
}

#[tokio::test]
async fn a_key_keeps_its_name_and_versions() -> Outcome {
    let (client, name) = (dev(), new_name("versions"));
    let first = create(&client, &name, KeyType::Ec).await?.resource_id()?;
    let second = create(&client, &name, KeyType::Ec).await?.resource_id()?;
    assert_ne!(first.version, second.version);

    let options = KeyClientGetKeyOptions {
        key_version: first.version.clone(),
        ..Default::default()
    };
    let found = client
        .get_key(&name, Some(options))
        .await?
        .into_model()?
        .resource_id()?;
    assert_eq!((found.name, found.version), (name, first.version));
    Ok(())
}

#[tokio::test]
async fn an_update_takes_back_the_attributes_it_was_given() -> Outcome {
    use azure_security_keyvault_keys::models::UpdateKeyPropertiesParameters;

    let (client, name) = (dev(), new_name("update"));
    let key = create(&client, &name, KeyType::Rsa).await?;
    let body = UpdateKeyPropertiesParameters {
        key_attributes: key.attributes,
        ..Default::default()
    };
    let updated = client
        .update_key_properties(&name, body.try_into()?, None)
        .await?
        .into_model()?;

    assert_eq!(
        updated.attributes.and_then(|attributes| attributes.enabled),
        Some(true)
    );
    Ok(())
}

#[tokio::test]
async fn both_directions_of_every_rsa_algorithm_are_the_servers() -> Outcome {
    let (client, name) = (dev(), new_name("rsa"));
    create(&client, &name, KeyType::Rsa).await?;
    let (version, _) = wrap(&client, &name).await?;

    for algorithm in [
        EncryptionAlgorithm::Rsa1_5,
        EncryptionAlgorithm::RsaOaep,
        EncryptionAlgorithm::RsaOaep256,
    ] {
        let body = operation(algorithm.clone(), &DATA_KEY);
        let sealed = client
            .encrypt(&name, body.try_into()?, None)
            .await?
            .into_model()?;
        let body = operation(algorithm, &sealed.result.unwrap());
        let opened = client
            .decrypt(&name, &version, body.try_into()?, None)
            .await?
            .into_model()?;
        assert_eq!(opened.result.as_deref(), Some(&DATA_KEY[..]));
    }
    Ok(())
}

#[tokio::test]
async fn a_managed_hsm_has_keys_too() -> Outcome {
    works_with(KeyType::RsaHsm).await
}

async fn works_with(kind: KeyType) -> Outcome {
    let (client, name) = (pool(), new_name("hsm"));
    create(&client, &name, kind).await?;
    let (version, wrapped) = wrap(&client, &name).await?;

    assert_eq!(unwrap(&client, &name, &version, &wrapped).await?, DATA_KEY);
    Ok(())
}
