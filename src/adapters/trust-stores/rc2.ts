/**
 * RC2 in CBC mode (RFC 2268), decryption only. It is broken, and nothing here is kept secret by it: PKCS#12 files of
 * older tools have their certificates, which are public, encrypted with it. Node's OpenSSL no longer has it.
 */

/** A permutation of 0 to 255 that is made from the digits of pi (section 2). */
const piTable = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

/** @param effectiveBits of the key: 40 or 128 */
export function decryptRc2(key: Buffer, effectiveBits: number, iv: Buffer, data: Buffer): Buffer {
  const words = expandKey(key, effectiveBits);
  if (data.length === 0 || data.length % 8 !== 0) throw new RangeError('RC2: the length is not that of whole blocks');
  const out = Buffer.alloc(data.length);
  let previous = iv;
  for (let at = 0; at < data.length; at += 8) {
    const block = data.subarray(at, at + 8);
    decryptBlock(words, block, out.subarray(at, at + 8));
    for (let i = 0; i < 8; i++) out[at + i] = (out[at + i] as number) ^ (previous[i] as number);
    previous = block;
  }
  const padding = out[out.length - 1] as number;
  const isPadded = padding >= 1 && padding <= 8 && out.subarray(-padding).every((byte) => byte === padding);
  if (!isPadded) throw new RangeError('RC2: the padding is wrong');
  return out.subarray(0, -padding);
}

/** Section 2: 64 words of 16 bits. */
function expandKey(key: Buffer, effectiveBits: number): Uint16Array {
  const bytes = new Uint8Array(128);
  bytes.set(key);
  const pi = (index: number): number => piTable[index & 0xff] as number;
  const at = (index: number): number => bytes[index] as number;
  for (let i = key.length; i < 128; i++) bytes[i] = pi(at(i - 1) + at(i - key.length));
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const mask = 0xff >> (8 * effectiveBytes - effectiveBits);
  bytes[128 - effectiveBytes] = pi(at(128 - effectiveBytes) & mask);
  for (let i = 127 - effectiveBytes; i >= 0; i--) bytes[i] = pi(at(i + 1) ^ at(i + effectiveBytes));
  return Uint16Array.from({ length: 64 }, (_, i) => at(2 * i) | (at(2 * i + 1) << 8));
}

const shifts = [1, 2, 3, 5] as const;

/** Section 4: 16 rounds backwards, with a mashing round after the fifth and the eleventh. */
function decryptBlock(words: Uint16Array, block: Buffer, out: Buffer): void {
  const r = [0, 2, 4, 6].map((offset) => block.readUInt16LE(offset));
  const get = (i: number): number => r[(i + 4) % 4] as number;
  let j = 63;
  const mix = () => {
    for (let i = 3; i >= 0; i--) {
      const shift = shifts[i] as number;
      const rotated = ((get(i) >>> shift) | (get(i) << (16 - shift))) & 0xffff;
      r[i] = (rotated - (words[j--] as number) - (get(i - 1) & get(i - 2)) - (~get(i - 1) & get(i - 3))) & 0xffff;
    }
  };
  const mash = () => {
    for (let i = 3; i >= 0; i--) r[i] = (get(i) - (words[get(i - 1) & 63] as number)) & 0xffff;
  };
  for (let round = 0; round < 16; round++) {
    if (round === 5 || round === 11) mash();
    mix();
  }
  for (const [i, word] of r.entries()) out.writeUInt16LE(word, 2 * i);
}
