// SPDX-License-Identifier: Apache-2.0
// Asks for a key as any program would, and prints what its user would read. With ASK_ADVANCE it asks,
// moves coffer's clock by that, and asks again. With ASK_OPS it changes the key's properties first, and
// prints which operations are left.

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

import com.azure.core.http.policy.FixedDelayOptions;
import com.azure.core.http.policy.RetryOptions;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.security.keyvault.keys.KeyClient;
import com.azure.security.keyvault.keys.KeyClientBuilder;
import com.azure.security.keyvault.keys.models.KeyProperties;

public class Ask {
    static void advance(String by) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                URI.create(System.getenv("ASK_CONTROL") + "/control/v1/clock"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{\"advance\":\"" + by + "\",\"tokens\":\"age\"}"))
            .build();
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
    }

    static void ask() throws Exception {
        KeyClient client = new KeyClientBuilder()
            .vaultUrl(System.getenv("AZURE_KEYVAULT_URL"))
            .credential(new DefaultAzureCredentialBuilder().build())
            .retryOptions(new RetryOptions(new FixedDelayOptions(0, java.time.Duration.ofMillis(1))))
            .buildClient();
        KeyProperties properties = client.getKey("cmk").getProperties();
        if (System.getenv("ASK_ADVANCE") != null) {
            advance(System.getenv("ASK_ADVANCE"));
            client.getKey("cmk");
        }
        if (System.getenv("ASK_OPS") != null) {
            client.updateKeyProperties(properties);
            client.getCryptographyClient("cmk").wrapKey(
                com.azure.security.keyvault.keys.cryptography.models.KeyWrapAlgorithm.RSA_OAEP,
                new byte[32]);
        }
        System.out.println("there is no trouble");
    }

    public static void main(String[] args) {
        try {
            ask();
        } catch (Exception error) {
            for (Throwable one = error; one != null; one = one.getCause()) {
                System.out.println(one);
            }
        }
        System.exit(0);
    }
}
