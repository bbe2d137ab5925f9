import type { Desk } from "../desk";
import { texts } from "../messages";
import type { Loading } from "../state";

/** What stands below the list: why it is empty, what went wrong, or that there is more. */
export function ListEnd(props: { desk: Desk; loading: Loading; isEmpty: boolean; more: () => void }) {
  const { desk, loading, isEmpty, more } = props;
  const { search, view, label } = desk.store.peek();
  if (loading.problem) {
    const first = (): void => void (search ? desk.lists.loadFound(true) : desk.lists.load());
    return (
      <div class="list-end" role="alert">
        <p>{loading.problem}</p>
        <button type="button" onClick={isEmpty ? first : more}>
          {texts.again}
        </button>
      </div>
    );
  }
  if (isEmpty && !loading.loaded) return <Skeleton />;
  if (isEmpty) {
    const { title, text } = search ? texts.emptySearch(search.q) : label ? texts.emptyLabel(label) : texts.empty[view];
    return (
      <div class="empty">
        <h2 dir="auto">{title}</h2>
        <p>{text}</p>
      </div>
    );
  }
  if (loading.next === null) return null;
  return (
    <div class="list-end">
      <button type="button" class="plain" disabled={loading.loading} onClick={more}>
        {loading.loading ? texts.loading : texts.loadOlder}
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((one) => (
        <div key={one} />
      ))}
    </div>
  );
}
