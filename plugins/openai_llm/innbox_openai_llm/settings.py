"""What may stand under `openai_llm` in the YAML."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from innbox import PluginSettings


class Prices(BaseModel):
    """What a million tokens cost, in US dollars."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: float = Field(ge=0, description="US dollars for a million tokens that the model reads.")
    completion: float = Field(ge=0, description="US dollars for a million tokens that the model writes.")


class OpenAISettings(PluginSettings):
    """The settings of `openai_llm`."""

    api_key: SecretStr = Field(description="The API's key. A server of your own that wants none takes any text.")
    base_url: str = Field(
        default="https://api.openai.com/v1",
        pattern=r"^https?://\S+$",
        description="Where the API is, with its version; any server that speaks chat completions will do.",
    )
    model: str = Field(default="gpt-4o-mini", min_length=1, description="The model's name at the provider.")
    timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        le=50,
        description="The deadline of one call, retries included; then the next model is asked.",
    )
    max_retries: int = Field(
        default=1, ge=0, le=5, description="How often 429, 5xx and cut connections are tried again within the deadline."
    )
    history_tokens: int = Field(
        default=3000,
        ge=100,
        description="How much of the conversation the model is given, newest first (4 characters a token).",
    )
    max_tokens: int = Field(default=500, ge=16, description="The longest answer, in tokens.")
    temperature: float | None = Field(
        default=0.3, ge=0, le=2, description="How freely the model writes; null leaves it to the provider."
    )
    prices: Prices | None = Field(
        default=None, description="What tokens cost, so that each answer's cost is known; left out, it is not."
    )
    translate: bool = Field(
        default=True,
        description="Whether the model translates for staff, too: what guests write in other languages, and replies.",
    )
    cache_answers: bool = Field(
        default=True, description="Answer exact repeats from the cache where nothing in the request tells of one guest."
    )
    cache_seconds: float = Field(default=3600.0, gt=0, description="How long such an answer is kept.")
