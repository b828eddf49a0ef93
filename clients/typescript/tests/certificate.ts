/** Certificates for tests of TLS. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Returns a certificate for localhost that vouches for itself; undefined without openssl. */
export function makeCertificate(): KeyPair | undefined {
  const folder = mkdtempSync(join(tmpdir(), "edunn-tls-"));
  const [certificate, key] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
  const who = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  try {
    execFileSync("openssl", ["req", ...how, ...who, "-keyout", key, "-out", certificate], {
      stdio: "pipe",
    });
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
