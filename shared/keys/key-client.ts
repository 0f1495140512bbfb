/** Who sent a request, as the audit trail keeps it. */
export interface KeyClient {
  /** As the load balancer saw it. */
  readonly address: string;
  readonly userAgent: string;
  readonly requestId: string;
}
