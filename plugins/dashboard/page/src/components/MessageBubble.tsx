import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { authorName, clock, delivery, fileSize, linkify, longTime, mapLink, unnamedSources } from "../format";
import { texts } from "../messages";
import type { Unsent } from "../state";
import type { Attachment, FileAttachment, Message } from "../types";

/** One message. What guests wrote is text and nothing else; only http and https addresses become links. */
export function MessageBubble(props: { message: Message; user: string; guest: string; isFirst: boolean }) {
  const { message, user, isFirst } = props;
  const state = delivery(message);
  const sources = unnamedSources(message);
  return (
    <li class={`message message-${kind(message)} ${isFirst ? "message-first" : ""}`}>
      <Author message={message} user={user} guest={props.guest} isFirst={isFirst} />
      <div class="bubble">
        {message.attachments.map((attachment, at) => (
          <AttachmentView key={at} attachment={attachment} />
        ))}
        {message.text && <Text text={message.text} />}
      </div>
      {sources.length > 0 && <p class="sources">{texts.sources(sources)}</p>}
      <p class={`meta meta-${message.status ?? "none"}`}>
        <time dateTime={message.created_at} title={longTime(message.created_at)}>
          {clock(message.created_at)}
        </time>
        {state && <span class="delivery">{state}</span>}
      </p>
    </li>
  );
}

/** A reply or note on its way to the server, or refused by it: the text is never lost. */
export function UnsentBubble({ desk, unsent }: { desk: Desk; unsent: Unsent }) {
  const connection = useComputed(() => desk.store.state.connection).value;
  const isNote = unsent.mode === "note";
  const waiting = connection === "live" ? texts.delivery.sending : texts.waitingForServer;
  const failed = isNote ? texts.notSavedNote : texts.notSaved;
  return (
    <li class={`message message-first message-unsent ${isNote ? "message-note" : "message-mine"}`}>
      <p class="author">{isNote ? `${texts.note} · ${texts.you}` : texts.you}</p>
      <div class="bubble">
        <Text text={unsent.text} />
      </div>
      <p class={unsent.problem ? "meta meta-failed" : "meta meta-pending"}>
        <time dateTime={unsent.writtenAt}>{clock(unsent.writtenAt)}</time>
        <span class="delivery">{unsent.problem ? texts.because(failed, unsent.problem) : waiting}</span>
      </p>
      {unsent.problem && (
        <p class="unsent-actions">
          <button type="button" onClick={() => desk.writing.sendAgain(unsent.clientId)}>
            {texts.again}
          </button>
          <button type="button" onClick={() => desk.writing.edit(unsent.clientId)}>
            {texts.edit}
          </button>
          <button type="button" onClick={() => desk.writing.discard(unsent.clientId)}>
            {texts.discard}
          </button>
        </p>
      )}
    </li>
  );
}

function kind(message: Message): string {
  if (message.direction === "note") return "note";
  if (message.direction === "in") return "guest";
  return message.author.kind === "staff" ? "mine" : "bot";
}

/** Shown at the first of several messages of one author; read out at each. */
function Author(props: { message: Message; user: string; guest: string; isFirst: boolean }) {
  const { message, isFirst } = props;
  const name = message.direction === "in" ? props.guest : authorName(message, props.user);
  const words = message.direction === "note" ? `${texts.note} · ${name}` : name;
  return (
    <p class={isFirst ? "author" : "author hidden"} dir="auto">
      {words}
    </p>
  );
}

function Text({ text }: { text: string }) {
  return (
    <p class="text" dir="auto">
      {linkify(text).map((piece, at) =>
        piece.href ? (
          <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </p>
  );
}

function AttachmentView({ attachment }: { attachment: Attachment }) {
  if (attachment.kind === "location") {
    const href = mapLink(attachment);
    return (
      <p class="attachment" dir="auto">
        <strong>{attachment.label ?? texts.attachment.location}</strong>
        {attachment.address && <span>{attachment.address}</span>}
        {href && (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {texts.openMap}
          </a>
        )}
      </p>
    );
  }
  return <FileView file={attachment} />;
}

function FileView({ file }: { file: FileAttachment }) {
  const name = texts.attachment[file.kind];
  if (file.state === "fetching") return <p class="attachment">{texts.attachment.fetching(name)}</p>;
  const url = ownAddress(file.url);
  if (file.state === "failed" || !url) {
    return <p class="attachment attachment-failed">{texts.attachment.failed(name)}</p>;
  }
  const label = file.name ?? name;
  if (file.kind === "image") {
    return (
      <a class="picture" href={url} target="_blank" rel="noopener">
        <img src={url} alt={label} loading="lazy" />
      </a>
    );
  }
  if (file.kind === "audio") return <audio controls preload="none" src={url} aria-label={label} />;
  if (file.kind === "video") return <video controls preload="none" src={url} aria-label={label} />;
  return (
    <p class="attachment" dir="auto">
      <a href={url} download={file.name ?? ""}>
        {label}
      </a>
      {file.size !== null && <span>{fileSize(file.size)}</span>}
    </p>
  );
}

/** Files are served by this house alone: any other address is not followed. */
function ownAddress(url: string | null): string | null {
  if (!url) return null;
  try {
    const whole = new URL(url, location.href);
    return whole.origin === location.origin ? whole.href : null;
  } catch {
    return null;
  }
}
