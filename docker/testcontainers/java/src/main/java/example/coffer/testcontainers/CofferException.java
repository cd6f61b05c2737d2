// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

/** What the control port refused. */
public class CofferException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    CofferException(int status, String code, String message) {
        super(code + ": " + message + " (status " + status + ")");
        this.status = status;
        this.code = code;
    }

    /** The status of HTTP. */
    public int status() {
        return status;
    }

    /** coffer's word for it, such as VaultNotFound. */
    public String code() {
        return code;
    }
}
