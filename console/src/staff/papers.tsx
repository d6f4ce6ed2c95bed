// SPDX-License-Identifier: Apache-2.0
// The documents of a withdrawal, shown where the decision is made: a row of names, and the chosen one below it.
import { useState } from "preact/hooks";
import { dayTime } from "../dates";
import { ButtonLink } from "../parts/button";
import { Icon } from "../parts/icon";
import { t } from "../words";
import type { Paper } from "./model";

function address(paper: Paper): string {
  return `/v1/documents/${paper.id}/content`;
}

function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KiB`;
}

function Shown({ paper }: { paper: Paper }) {
  const name = paper.name ?? paper.id;
  return (
    <>
      <p class="muted fine">{t("staff.paper_from", { who: paper.uploader, when: dayTime(paper.at), size: size(paper.size) })}</p>
      {paper.media_type.startsWith("image/")
        ? <img class="paper" src={address(paper)} alt={t("staff.paper_image", { name })} />
        : <iframe class="paper" src={address(paper)} title={name} />}
      <div class="actions">
        <ButtonLink small icon="file" href={address(paper)} download={name}>{t("staff.download")}</ButtonLink>
      </div>
    </>
  );
}

export function Papers({ papers }: { papers: Paper[] }) {
  const [chosen, choose] = useState<string | null>(null);
  const shown = papers.find((paper) => paper.id === chosen) ?? papers[0];
  if (shown === undefined) return <p class="empty">{t("staff.no_papers")}</p>;
  return (
    <div class="dossier">
      <ul class="paper-names">
        {papers.map((paper) => (
          <li key={paper.id}>
            <button type="button" aria-pressed={paper === shown} onClick={() => choose(paper.id)}><Icon name="file" />{paper.name ?? paper.id}</button>
          </li>
        ))}
      </ul>
      <Shown key={shown.id} paper={shown} />
    </div>
  );
}
