// SPDX-License-Identifier: Apache-2.0
declare module "words:common" {
  const words: Record<string, [en: string, zh: string]>;
  export default words;
}
declare module "words:customer" {
  const words: Record<string, [en: string, zh: string]>;
  export default words;
}
declare module "words:staff" {
  const words: Record<string, [en: string, zh: string]>;
  export default words;
}
declare module "*.css";

declare namespace Intl {
  // Decimals as text are formatted to the digit (ES2023); the library's types know only numbers.
  interface NumberFormat {
    format(value: `${number}`): string;
    formatToParts(value: `${number}`): NumberFormatPart[];
  }
}
