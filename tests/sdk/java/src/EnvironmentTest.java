// SPDX-License-Identifier: Apache-2.0

import com.azure.identity.DefaultAzureCredentialBuilder;
import org.junit.jupiter.api.Test;

/**
 * An application that logs in by what `coffer env` prints and nothing else, to a vault whose challenges
 * name the tenant that is in it.
 */
class EnvironmentTest {
    @Test
    void logsIn() {
        Support.works(new DefaultAzureCredentialBuilder().build());
    }
}
