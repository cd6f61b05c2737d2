// SPDX-License-Identifier: Apache-2.0

import com.azure.identity.ManagedIdentityCredentialBuilder;
import org.junit.jupiter.api.Test;

/** The managed identity of the machine, by what the environment of this process says of it. */
class MachineTest {
    @Test
    void logsIn() {
        Support.works(new ManagedIdentityCredentialBuilder().build());
    }

    @Test
    void logsInAsOneThatIsNamed() {
        String client = Support.login("app-service", "AZURE_CLIENT_ID");

        Support.works(new ManagedIdentityCredentialBuilder().clientId(client).build());
    }
}
