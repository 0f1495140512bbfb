/** Some bytes of an object. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}
