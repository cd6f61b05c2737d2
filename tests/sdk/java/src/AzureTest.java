// SPDX-License-Identifier: Apache-2.0

import com.azure.identity.ClientCertificateCredentialBuilder;
import com.azure.identity.ClientSecretCredentialBuilder;
import com.azure.identity.WorkloadIdentityCredentialBuilder;
import org.junit.jupiter.api.Test;

/** Applications under Azure's own names: nothing is set but what they need there, and instance
 * discovery stays on. */
class AzureTest {
    private static final String TENANT = Support.variable("SDK_TENANT");
    private static final String CLIENT = Support.variable("SDK_CLIENT_ID");

    @Test
    void anApplicationLogsInWithASecret() {
        Support.works(new ClientSecretCredentialBuilder().tenantId(TENANT)
            .clientId(CLIENT)
            .clientSecret(Support.login("secret", "AZURE_CLIENT_SECRET"))
            .build());
    }

    @Test
    void anApplicationLogsInWithACertificate() {
        Support.works(new ClientCertificateCredentialBuilder().tenantId(TENANT)
            .clientId(CLIENT)
            .pemCertificate(Support.login("certificate", "AZURE_CLIENT_CERTIFICATE_PATH"))
            .build());
    }

    @Test
    void anApplicationLogsInAsAWorkload() {
        Support.works(new WorkloadIdentityCredentialBuilder().tenantId(TENANT)
            .clientId(CLIENT)
            .tokenFilePath(Support.login("workload", "AZURE_FEDERATED_TOKEN_FILE"))
            .build());
    }
}
