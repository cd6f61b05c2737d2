// SPDX-License-Identifier: Apache-2.0

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.azure.core.credential.TokenCredential;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.security.keyvault.keys.KeyClient;
import com.azure.security.keyvault.keys.cryptography.CryptographyClient;
import com.azure.security.keyvault.keys.cryptography.models.EncryptionAlgorithm;
import com.azure.security.keyvault.keys.cryptography.models.KeyWrapAlgorithm;
import com.azure.security.keyvault.keys.cryptography.models.SignatureAlgorithm;
import com.azure.security.keyvault.keys.models.CreateEcKeyOptions;
import com.azure.security.keyvault.keys.models.KeyOperation;
import com.azure.security.keyvault.keys.models.KeyVaultKey;
import org.junit.jupiter.api.Test;

/** A key's life, and what is refused on its way. */
class KeysTest {
    private static final TokenCredential CREDENTIAL = new DefaultAzureCredentialBuilder().build();
    private static final KeyClient CLIENT = Support.clientWith(CREDENTIAL);

    @Test
    void anUnknownKeyIsNotFound() {
        Support.refused(404, "KeyNotFound", () -> CLIENT.getKey(Support.newName("none")));
    }

    @Test
    void aDisabledKeyUnwrapsNothing() {
        KeyVaultKey key = Support.createRsa(CLIENT, "disabled");
        CryptographyClient crypto = Support.cryptoOf(key, CREDENTIAL);
        byte[] wrapped = crypto.wrapKey(KeyWrapAlgorithm.RSA_OAEP_256, Support.DATA_KEY).getEncryptedKey();
        KeyOperation[] operations = key.getKeyOperations().toArray(new KeyOperation[0]);

        CLIENT.updateKeyProperties(key.getProperties().setEnabled(false), operations);
        Support.refused(403, "KeyDisabled",
            () -> crypto.unwrapKey(KeyWrapAlgorithm.RSA_OAEP_256, wrapped));
        CLIENT.updateKeyProperties(key.getProperties().setEnabled(true), operations);
        assertArrayEquals(Support.DATA_KEY,
            crypto.unwrapKey(KeyWrapAlgorithm.RSA_OAEP_256, wrapped).getKey());
    }

    @Test
    void aDeletedKeyIsGoneUntilItIsRecovered() {
        String name = Support.createRsa(CLIENT, "deleted").getName();

        CLIENT.beginDeleteKey(name).waitForCompletion();
        Support.refused(404, "KeyNotFound", () -> CLIENT.getKey(name));
        CLIENT.beginRecoverDeletedKey(name).waitForCompletion();
        assertEquals(name, CLIENT.getKey(name).getName());
    }

    @Test
    void bothDirectionsOfEveryRsaAlgorithm() {
        CryptographyClient crypto = Support.cryptoOf(Support.createRsa(CLIENT, "rsa"), CREDENTIAL);

        for (EncryptionAlgorithm algorithm : new EncryptionAlgorithm[] {
            EncryptionAlgorithm.RSA1_5, EncryptionAlgorithm.RSA_OAEP, EncryptionAlgorithm.RSA_OAEP_256 }) {
            byte[] sealed = crypto.encrypt(algorithm, Support.DATA_KEY).getCipherText();
            assertArrayEquals(Support.DATA_KEY, crypto.decrypt(algorithm, sealed).getPlainText());
        }
    }

    @Test
    void aSignatureHoldsForItsDataAlone() {
        KeyVaultKey key = CLIENT.createEcKey(new CreateEcKeyOptions(Support.newName("ec")));
        CryptographyClient crypto = Support.cryptoOf(key, CREDENTIAL);
        byte[] signature = crypto.signData(SignatureAlgorithm.ES256, Support.DATA_KEY).getSignature();

        assertEquals(true, crypto.verifyData(SignatureAlgorithm.ES256, Support.DATA_KEY, signature).isValid());
        assertEquals(false, crypto.verifyData(SignatureAlgorithm.ES256, new byte[1], signature).isValid());
    }
}
