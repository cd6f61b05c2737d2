// SPDX-License-Identifier: Apache-2.0

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.ManagedIdentityCredentialBuilder;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How an application logs in with coffer's authority. The credentials ask login.microsoftonline.com
 * about every authority that they do not know, unless they are told not to.
 */
class LoginsTest {
    private static final String AUTHORITY = Support.variable("SDK_AUTHORITY");
    private static final String TENANT = Support.variable("SDK_TENANT");
    private static final String CLIENT = Support.variable("SDK_CLIENT_ID");

    private static TokenCredential withSecret(String secret) {
        return new ClientSecretCredentialBuilder().authorityHost(AUTHORITY)
            .disableInstanceDiscovery()
            .tenantId(TENANT)
            .clientId(CLIENT)
            .clientSecret(secret)
            .build();
    }

    private static TokenCredential asWorkload(String file) {
        return new WorkloadIdentityCredentialBuilder().authorityHost(AUTHORITY)
            .disableInstanceDiscovery()
            .tenantId(TENANT)
            .clientId(CLIENT)
            .tokenFilePath(file)
            .build();
    }

    private static void refused(TokenCredential credential, String words) {
        TokenRequestContext request = new TokenRequestContext().addScopes("https://vault.azure.net/.default");
        Exception error = assertThrows(Exception.class, () -> credential.getTokenSync(request));

        assertEquals(true, error.toString().contains(words), error.toString());
    }

    @Test
    void notWithAWrongSecret() {
        refused(withSecret("no"), "AADSTS7000215");
    }

    @Test
    void notAsAWorkloadWithATokenThatIsNone() {
        refused(asWorkload(Support.variable("SDK_RUN_JSON")), "AADSTS50027");
    }

    @Test
    void notAsAManagedIdentity() {
        TokenCredential credential = new ManagedIdentityCredentialBuilder().clientId(CLIENT).build();
        TokenRequestContext request = new TokenRequestContext().addScopes("https://vault.azure.net/.default");

        assertThrows(ClientAuthenticationException.class, () -> credential.getTokenSync(request));
    }

    @Test
    void withASecret() {
        Support.works(withSecret(Support.login("secret", "AZURE_CLIENT_SECRET")));
    }

    @ParameterizedTest
    @ValueSource(booleans = { false, true })
    void withACertificateAndPerhapsItsChain(boolean chain) {
        Support.works(new ClientCertificateCredentialBuilder().authorityHost(AUTHORITY)
            .disableInstanceDiscovery()
            .tenantId(TENANT)
            .clientId(CLIENT)
            .pemCertificate(Support.login("certificate", "AZURE_CLIENT_CERTIFICATE_PATH"))
            .sendCertificateChain(chain)
            .build());
    }

    @Test
    void asAWorkload() {
        Support.works(asWorkload(Support.login("workload", "AZURE_FEDERATED_TOKEN_FILE")));
    }
}
