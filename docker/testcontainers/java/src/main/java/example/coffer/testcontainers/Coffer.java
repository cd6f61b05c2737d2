// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A coffer that runs, as its control port shows it. It needs no container.
 *
 * <p>Methods throw {@link CofferException} when coffer refuses, and UncheckedIOException when it cannot
 * be reached. May be used by several threads.
 */
public final class Coffer {
    /** What protects the trust store, which holds nothing secret. */
    public static final String TRUST_STORE_PASSWORD = "changeit";

    private static final String CLOCK = "/control/v1/clock";

    private final Control control;
    private final int httpsPort;
    private final Deque<Failure> begun = new ConcurrentLinkedDeque<>(); // the latest first

    /**
     * A coffer that is reached by the ports it listens on.
     *
     * @param controlUrl where the control port is, such as {@code http://127.0.0.1:8080}
     */
    public Coffer(String controlUrl) {
        this(controlUrl, 0);
    }

    /**
     * A coffer behind a mapped port, as in a container.
     *
     * @param controlUrl where the control port is
     * @param httpsPort the port by which this process reaches the vaults; 0: that which coffer listens on
     */
    public Coffer(String controlUrl, int httpsPort) {
        this(controlUrl, httpsPort, System.getenv("COFFER_CONTROL_TOKEN"));
    }

    /**
     * A coffer that wants a token for orders.
     *
     * @param controlUrl where the control port is
     * @param httpsPort the port by which this process reaches the vaults; 0: that which coffer listens on
     * @param controlToken the token of its --control-token; null: it wants none
     */
    public Coffer(String controlUrl, int httpsPort, String controlToken) {
        this.control = new Control(controlUrl, controlToken);
        this.httpsPort = httpsPort;
    }

    /** Where the control port is, without a slash at the end. */
    public String controlUrl() {
        return control.url();
    }

    /** What the control port answers to an order (null: none) at a path of docs/options.md. */
    public Map<String, Object> ask(String method, String path, Map<String, ?> order) {
        return control.ask(method, path, order);
    }

    // What there is

    /** Version, ports and vaults. */
    public Map<String, Object> info() {
        return ask("GET", "/control/v1/info", null);
    }

    /** A vault's URL as this process can use it: with the mapped port, where it has none else. */
    private String reachable(String url) {
        URI parts = URI.create(url);
        if (httpsPort == 0 || !parts.getHost().endsWith(".localhost")) {
            return url;
        }
        int port = parts.getPort() == -1 ? 443 : parts.getPort();
        boolean listening = ((Number) info().get("port")).intValue() == port;
        return listening ? "https://" + parts.getHost() + ":" + httpsPort : url;
    }

    private Vault vaultOf(Map<?, ?> answer) {
        return new Vault(
                (String) answer.get("name"),
                reachable((String) answer.get("url")),
                (String) answer.get("state"),
                (String) answer.get("kind"),
                (String) answer.get("sku"),
                ((Number) answer.get("retention")).intValue(),
                (Boolean) answer.get("purge_protection"),
                (String) answer.get("access"));
    }

    /** All vaults, deleted ones too. */
    public List<Vault> vaults() {
        var answer = (List<?>) ask("GET", "/control/v1/vaults", null).get("vaults");
        return answer.stream().map(one -> vaultOf((Map<?, ?>) one)).toList();
    }

    /** The vault of that name. */
    public Vault vault(String name) {
        return vaultOf(ask("GET", Control.vaultPath(name, ""), null));
    }

    /** The vault that stands first among those of the options. */
    public Vault firstVault() {
        var first = (Map<?, ?>) ((List<?>) info().get("vaults")).get(0);
        return vault((String) first.get("name"));
    }

    /** The URL of a vault. */
    public String vaultUrl(String name) {
        return vault(name).url();
    }

    // The life of vaults

    /** Makes a vault with the default settings; one that is there already is fine. */
    public Vault createVault(String name) {
        return createVault(name, Map.of());
    }

    /**
     * Makes a vault; one that is there already and contradicts no setting is fine.
     *
     * @param settings any of {@code kind}, {@code sku}, {@code retention}, {@code purge_protection},
     *     {@code access}
     */
    public Vault createVault(String name, Map<String, ?> settings) {
        return vaultOf(ask("PUT", Control.vaultPath(name, ""), settings));
    }

    /** Deletes a vault; it can be recovered until it is purged. */
    public Vault deleteVault(String name) {
        return vaultOf(ask("DELETE", Control.vaultPath(name, ""), null));
    }

    /** Has a deleted vault back, with its keys. */
    public Vault recoverVault(String name) {
        return vaultOf(ask("POST", Control.vaultPath(name, "/recover"), Map.of()));
    }

    /** Removes a deleted vault and all that is in it; refused where purge protection is on. */
    public void purgeVault(String name) {
        ask("POST", Control.vaultPath(name, "/purge"), Map.of());
    }

    /** Puts everything back to what the options of coffer say. */
    public void reset() {
        ask("POST", "/control/v1/reset", Map.of());
    }

    /** Empties one vault, deleted or not, and puts it back to what the options say. */
    public void reset(String vault) {
        ask("POST", "/control/v1/reset", Map.of("vault", vault));
    }

    // Who may do what

    /** The object id of an identity: any name is one, "" the system-assigned. */
    public String objectId(String identity) {
        return (String) ask("GET", "/control/v1/identity?name=" + Control.encode(identity), null).get("object_id");
    }

    /** Whose grant it is: "principal", an object id, or "identity", a name. Both are taken out. */
    private String takePrincipal(Map<String, Object> grant) {
        Object identity = grant.remove("identity");
        Object principal = grant.remove("principal");
        return principal != null ? principal.toString() : objectId(identity == null ? "" : identity.toString());
    }

    private static String policyPath(String vault, String principal) {
        return Control.vaultPath(vault, "/policies/" + Control.encode(principal));
    }

    /**
     * Grants a role, {@code Map.of("role", "key-vault-crypto-officer")}, or permissions,
     * {@code Map.of("permissions", List.of("get"))}, at a vault of the access "rbac" or "policy".
     *
     * @param what beside it {@code identity}, any name, or {@code principal}, an object id; of a role
     *     {@code key}, {@code scope}, {@code deny}; of permissions {@code application_id}
     * @return the name of the role assignment; null for permissions, which have none
     */
    public String grant(String vault, Map<String, ?> what) {
        Map<String, Object> order = new HashMap<>(what);
        if (order.containsKey("role") && order.containsKey("permissions")) {
            throw new IllegalArgumentException("a role or permissions, not both");
        }
        String principal = takePrincipal(order);
        if (order.containsKey("permissions")) {
            ask("PUT", policyPath(vault, principal), order);
            return null;
        }
        order.put("principal", principal);
        return (String) ask("POST", Control.vaultPath(vault, "/assignments"), order).get("name");
    }

    /** Takes back what grant() with the same arguments gave; without a role the access policy. */
    public void revoke(String vault, Map<String, ?> what) {
        Map<String, Object> order = new HashMap<>(what);
        String principal = takePrincipal(order);
        if (order.containsKey("role")) {
            order.put("principal", principal);
            ask("DELETE", Control.vaultPath(vault, "/assignments"), order);
            return;
        }
        Object application = order.get("application_id");
        String query = application == null ? "" : "?application_id=" + Control.encode(application.toString());
        ask("DELETE", policyPath(vault, principal) + query, null);
    }

    // Time

    /** What the virtual clock shows: now, epoch, mode, frozen, rate, offset, next. */
    public Map<String, Object> clock() {
        return ask("GET", CLOCK, null);
    }

    /** Gives the clock an order of docs/options.md: {@code Map.of("set", "2030-01-01")}. */
    public Map<String, Object> setClock(Map<String, ?> order) {
        return ask("POST", CLOCK, order);
    }

    /**
     * Moves the clock by whole seconds, and runs what falls due on the way before it returns. Tokens that
     * clients hold stay good.
     *
     * @return what the clock shows then, and as {@code ran} what happened
     */
    public Map<String, Object> advance(Duration duration) {
        return advance(duration, "keep");
    }

    /** The same; {@code tokens} "age" makes tokens older by that time, "keep" leaves them as they are. */
    public Map<String, Object> advance(Duration duration, String tokens) {
        if (duration.getNano() != 0) {
            throw new IllegalArgumentException("the clock moves by whole seconds, not by " + duration);
        }
        return setClock(Map.of("advance", duration.toSeconds(), "tokens", tokens));
    }

    /** Has the clock show the system's time again. */
    public Map<String, Object> resetClock() {
        return setClock(Map.of("reset", true));
    }

    // Failures

    private Failure keep(Failure failure) {
        begun.addFirst(failure);
        return failure;
    }

    /**
     * Adds a fault rule; docs/failures.md has its members, which stand side by side here:
     * {@code Map.of("vault", "dev", "operation", "getKey", "times", 2, "status", 429)}.
     */
    public Failure fault(Map<String, ?> members) {
        return keep(Failure.ofRule(control, members));
    }

    /** Has the HSM fail: "token_removed", "pin_locked", "slow", "error", ...: docs/hsm.md. */
    public Failure hsmFault(String kind, Map<String, ?> members) {
        return keep(Failure.ofHsm(control, kind, members));
    }

    /** Has an incident happen: {@code scenario("key-disabled", Map.of("vault", "dev", "key", "cmk"))}. */
    public Failure scenario(String name, Map<String, ?> parameters) {
        return keep(Failure.ofScenario(control, name, parameters));
    }

    /** What clients did, as far as the filter fits. */
    public Journal journal(Map<String, ?> filter) {
        return new Journal(control, filter);
    }

    /** Takes back all failures that were begun, the latest first: for {@code @AfterEach}. */
    public void revert() {
        for (Failure failure = begun.peekFirst(); failure != null; failure = begun.peekFirst()) {
            failure.close();
            begun.remove(failure);
        }
    }

    // What clients need

    /** The certificate of coffer's authority, PEM. */
    public String caCertificate() {
        return new String(control.fetch("/ca.pem"), StandardCharsets.US_ASCII);
    }

    /** The same as a trust store of PKCS #12, for a file that javax.net.ssl.trustStore names. */
    public byte[] trustStore() {
        return control.fetch("/ca.p12");
    }

    /** A context that trusts coffer, and nobody else. */
    public SSLContext sslContext() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(trustStore()), TRUST_STORE_PASSWORD.toCharArray());
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException error) {
            throw new IllegalStateException("what coffer gives as its trust store is none", error);
        }
    }

    /** An access token for a resource, {@code https://vault.azure.net} or that of managed HSMs. */
    public String token(String resource) {
        return token(resource, "");
    }

    /** The same of an identity: any name is one. */
    public String token(String resource, String identity) {
        String query = "?api-version=2019-08-01&resource=" + Control.encode(resource);
        if (!identity.isEmpty()) {
            query += "&client_id=" + Control.encode(identity);
        }
        byte[] answer = control.fetch("/msi/token" + query, "X-IDENTITY-HEADER", "coffer");
        return (String) Control.parse(answer).get("access_token");
    }

    /** The variables by which azure-identity finds coffer's managed identity. */
    public Map<String, String> identityEnvironment() {
        String endpoint = controlUrl() + "/msi/token";
        return Map.of(
                "IDENTITY_ENDPOINT", endpoint,
                "IDENTITY_HEADER", "coffer",
                "MSI_ENDPOINT", endpoint,
                "MSI_SECRET", "coffer",
                "AZURE_POD_IDENTITY_AUTHORITY_HOST", controlUrl());
    }

    /** The vault, the identity: what `coffer env` prints but for the certificate, for other programs. */
    public Map<String, String> environment(String vault) {
        Map<String, String> environment = new HashMap<>(identityEnvironment());
        String url = vaultUrl(vault);
        environment.put("AZURE_AUTHORITY_HOST", "https://login.localhost:" + URI.create(url).getPort());
        environment.put("AZURE_KEYVAULT_URL", url);
        environment.put("AZURE_KEYVAULT_NAME", vault);
        environment.put("KEY_VAULT_URI", url);
        return environment;
    }
}
