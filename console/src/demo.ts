// SPDX-License-Identifier: Apache-2.0
// The people of `ebb serve --demo`, as its sign-in screen offers them; src/http/demo_samples.def makes their accounts.
import type { IconName } from "./parts/icon";

export interface DemoPerson {
  token: string;
  name: string;
  group: string;
  icon: IconName;
  /** Their situation in a line: words.json, "person.<key>". */
  key: string;
}

function customer(account: string, name: string, group: string, icon: IconName): DemoPerson {
  return { token: `demo-customer:${account}`, name, group, icon, key: account };
}

export const PEOPLE: readonly DemoPerson[] = [
  customer("ali-wei", "魏明", "alibaba", "person"),
  customer("ali-corp", "杭州云启科技有限公司", "alibaba", "building"),
  customer("ali-group", "云启集团有限公司", "alibaba", "building"),
  customer("ali-nanjing", "金陵数据有限公司", "alibaba", "building"),
  customer("ali-adjust", "田整", "alibaba", "person"),
  customer("ali-frozen", "冯冻", "alibaba", "person"),
  customer("hw-lin", "林晓", "huawei", "person"),
  customer("hw-master", "深圳母公司有限公司", "huawei", "building"),
  customer("jd-chen", "北京晨光科技有限公司", "jdcloud", "building"),
  customer("jd-arrears", "钱欠", "jdcloud", "person"),
  customer("pa-sun", "孙安", "pingan", "person"),
  customer("pa-zhou", "周平", "pingan", "person"),
  { token: "demo-reviewer", name: "demo-reviewer", group: "staff", icon: "people", key: "reviewer" },
  { token: "demo-reviewer-2", name: "demo-reviewer-2", group: "staff", icon: "people", key: "reviewer" },
  { token: "demo-admin", name: "demo-admin", group: "staff", icon: "people", key: "admin" },
];
