// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client of a coffer that runs: COFFER_CONTROL_URL says where. */
class CofferTest {
    private final Coffer coffer = new Coffer(System.getenv("COFFER_CONTROL_URL"));

    @AfterEach
    void putBack() {
        coffer.reset();
    }

    @Test
    void aRefusalHasStatusCodeAndWords() {
        var refused = assertThrows(CofferException.class, () -> coffer.vault("nobody"));
        assertEquals(404, refused.status());
        assertEquals("VaultNotFound", refused.code());
        assertTrue(refused.getMessage().contains("no vault named 'nobody'"));
    }

    @Test
    void aNameCannotLeadToAnotherPath() {
        for (String name : List.of("../clock", "a b?c")) {
            var refused = assertThrows(CofferException.class, () -> coffer.createVault(name));
            assertEquals("BadParameter", refused.code());
        }
    }

    @Test
    void aFractionOfASecondIsRefusedHere() {
        assertThrows(IllegalArgumentException.class, () -> coffer.advance(Duration.ofMillis(1500)));
    }

    @Test
    void ordersAloneShowTheControlToken() throws Exception {
        List<String> shown = new CopyOnWriteArrayList<>();
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            shown.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("{}".getBytes(StandardCharsets.US_ASCII));
            exchange.close();
        });
        other.start();
        try {
            String url = "http://127.0.0.1:" + other.getAddress().getPort();
            Coffer client = new Coffer(url, 0, "0123456789abcdef");
            client.info();
            client.caCertificate();
            new Coffer(url, 0, null).info();
        } finally {
            other.stop(0);
        }
        assertEquals(List.of("Bearer 0123456789abcdef", "null", "null"), shown);
    }

    @Test
    void aPurgeIsRefusedWhileTheVaultIsProtected() {
        coffer.createVault("protected", Map.of("purge_protection", true));
        coffer.deleteVault("protected");
        assertThrows(CofferException.class, () -> coffer.purgeVault("protected"));
        coffer.reset("protected");
        assertEquals("live", coffer.vault("protected").state());
    }

    @Test
    void aRoleThatIsNotThereIsRefused() {
        coffer.createVault("roles", Map.of("access", "rbac"));
        var unknown = assertThrows(CofferException.class, () -> coffer.grant("roles", Map.of("role", "cook")));
        assertEquals(404, unknown.status());
        assertThrows(CofferException.class, () -> coffer.revoke("roles", Map.of("role", "owner")));
        assertThrows(CofferException.class, () -> coffer.revoke("roles", Map.of()));
        var both = Map.of("role", "owner", "permissions", List.of());
        assertThrows(IllegalArgumentException.class, () -> coffer.grant("roles", both));
    }

    @Test
    void nobodyThereIsNoRefusal() {
        assertThrows(UncheckedIOException.class, () -> new Coffer("http://127.0.0.1:1").info());
    }

    @Test
    void anAnswerThatIsNotCoffersIsARefusal() throws Exception {
        var other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            exchange.sendResponseHeaders(502, -1);
            exchange.close();
        });
        other.start();
        try {
            var client = new Coffer("http://127.0.0.1:" + other.getAddress().getPort());
            var refused = assertThrows(CofferException.class, client::info);
            assertEquals(502, refused.status());
            assertEquals("Unknown", refused.code());
        } finally {
            other.stop(0);
        }
    }

    @Test
    void aVaultLivesDiesReturnsAndIsGone() {
        Vault vault = coffer.createVault("life", Map.of("retention", 7));
        assertEquals(List.of("live", "vault", 7), List.of(vault.state(), vault.kind(), vault.retention()));
        assertEquals("deleted", coffer.deleteVault("life").state());
        assertEquals(vault, coffer.recoverVault("life"));
        coffer.deleteVault("life");
        coffer.purgeVault("life");
        assertTrue(coffer.vaults().stream().noneMatch(one -> one.name().equals("life")));
    }

    @Test
    void theClockMovesAndSaysWhatItRan() {
        coffer.createVault("brief", Map.of("retention", 7));
        coffer.deleteVault("brief");
        var ran = (List<?>) coffer.advance(Duration.ofDays(8)).get("ran");
        assertEquals("vault purge", ((Map<?, ?>) ran.get(0)).get("what"));
        assertEquals(8 * 86400, coffer.clock().get("offset"));
        assertEquals(0, coffer.clock().get("tokens_aged"));
        assertEquals(60, coffer.advance(Duration.ofMinutes(1), "age").get("tokens_aged"));
        assertEquals(0, coffer.resetClock().get("offset"));
    }

    @Test
    void aMappedPortStandsInTheUrlsOfVaults() {
        var mapped = new Coffer(coffer.controlUrl(), 4711);
        assertEquals("https://dev.vault.localhost:4711", mapped.firstVault().url());
        assertEquals("https://pool.managedhsm.localhost:4711", mapped.vaultUrl("pool"));
        assertEquals("https://mapped.vault.localhost:4711", mapped.createVault("mapped").url());
    }

    private int statusOfKeys(HttpClient client, String vault, String identity) throws Exception {
        URI uri = URI.create(coffer.vaultUrl(vault) + "/keys?api-version=7.6");
        var request = HttpRequest.newBuilder(uri)
                .header("Authorization", "Bearer " + coffer.token("https://vault.azure.net", identity))
                .build();
        return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    private int statusOfKeys(HttpClient client) throws Exception {
        return statusOfKeys(client, "dev", "");
    }

    @Test
    void whatWasGrantedIsTakenBack() throws Exception {
        var client = HttpClient.newBuilder().sslContext(coffer.sslContext()).build();
        var grant = Map.of("permissions", List.of("list"), "identity", "service");
        var role = Map.of("role", "key-vault-reader", "identity", "service", "key", "k");
        assertEquals("policy", coffer.createVault("granted", Map.of("access", "policy")).access());
        coffer.grant("granted", grant);
        assertEquals(200, statusOfKeys(client, "granted", "service"));
        assertEquals(403, statusOfKeys(client, "granted", ""));
        assertEquals(36, coffer.grant("granted", role).length());
        coffer.revoke("granted", role);
        coffer.revoke("granted", grant);
        assertEquals(403, statusOfKeys(client, "granted", "service"));
    }

    @Test
    void theCertificateIsWhatAClientHasToTrust() throws Exception {
        assertThrows(SSLHandshakeException.class, () -> statusOfKeys(HttpClient.newHttpClient()));
        var trusting = HttpClient.newBuilder().sslContext(coffer.sslContext()).build();
        assertEquals(200, statusOfKeys(trusting));
        assertTrue(coffer.caCertificate().startsWith("-----BEGIN CERTIFICATE-----"));
    }

    @Test
    void theEnvironmentNamesVaultAndIdentity() {
        var environment = coffer.environment("pool");
        assertEquals(coffer.vaultUrl("pool"), environment.get("AZURE_KEYVAULT_URL"));
        assertEquals(coffer.controlUrl() + "/msi/token", environment.get("IDENTITY_ENDPOINT"));
        assertEquals("coffer", environment.get("IDENTITY_HEADER"));
        String port = coffer.vaultUrl("pool").replaceFirst(".*:", "");
        assertEquals("https://login.localhost:" + port, environment.get("AZURE_AUTHORITY_HOST"));
    }
}
