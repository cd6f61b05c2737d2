// SPDX-License-Identifier: Apache-2.0

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.azure.core.credential.TokenCredential;
import com.azure.core.exception.HttpResponseException;
import com.azure.json.JsonProviders;
import com.azure.json.JsonReader;
import com.azure.security.keyvault.keys.KeyClient;
import com.azure.security.keyvault.keys.KeyClientBuilder;
import com.azure.security.keyvault.keys.cryptography.CryptographyClient;
import com.azure.security.keyvault.keys.cryptography.CryptographyClientBuilder;
import com.azure.security.keyvault.keys.cryptography.models.KeyWrapAlgorithm;
import com.azure.security.keyvault.keys.models.CreateRsaKeyOptions;
import com.azure.security.keyvault.keys.models.KeyVaultKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.function.Executable;

/** What the tests share: clients as a user would make them, names, and the shape of a refusal. */
final class Support {
    static final byte[] DATA_KEY = new byte[32];

    private Support() {
    }

    static String variable(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set");
        }
        return value;
    }

    static Map<String, Object> readJson(Path path) {
        try (JsonReader reader = JsonProviders.createReader(Files.readString(path))) {
            reader.nextToken();
            return reader.readMap(JsonReader::readUntyped);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A variable that `coffer env --as` prints for a way to log in. */
    static String login(String way, String name) {
        return (String) readJson(Path.of(variable("SDK_LOGINS"), way + ".json")).get(name);
    }

    /** A name no other test has. */
    static String newName(String prefix) {
        return prefix + "-" + UUID.randomUUID();
    }

    static KeyClient clientWith(TokenCredential credential) {
        return new KeyClientBuilder().vaultUrl(variable("AZURE_KEYVAULT_URL"))
            .credential(credential)
            .buildClient();
    }

    static CryptographyClient cryptoOf(KeyVaultKey key, TokenCredential credential) {
        return new CryptographyClientBuilder().keyIdentifier(key.getId())
            .credential(credential)
            .buildClient();
    }

    static KeyVaultKey createRsa(KeyClient client, String prefix) {
        return client.createRsaKey(new CreateRsaKeyOptions(newName(prefix)));
    }

    /** That whoever this is can make a key, and wrap and unwrap with it. */
    static void works(TokenCredential credential) {
        CryptographyClient crypto = cryptoOf(createRsa(clientWith(credential), "login"), credential);
        byte[] wrapped = crypto.wrapKey(KeyWrapAlgorithm.RSA_OAEP_256, DATA_KEY).getEncryptedKey();

        assertArrayEquals(DATA_KEY, crypto.unwrapKey(KeyWrapAlgorithm.RSA_OAEP_256, wrapped).getKey());
    }

    /** Checks the status, and that the body has these words in it. */
    static void refused(int status, String words, Executable act) {
        HttpResponseException error = assertThrows(HttpResponseException.class, act);

        assertEquals(status, error.getResponse().getStatusCode(), error.getMessage());
        assertEquals(true, error.getMessage().contains(words), error.getMessage());
    }
}
