"""A text completion service of the existing system: its own base class, a model that answers with what it was asked."""

from trustgraph.base.llm_service import LlmChunk, LlmResult, LlmService


class Processor(LlmService):
    async def generate_content(self, system, prompt, model=None, temperature=None):
        if prompt == "FAIL":
            raise RuntimeError("the model failed")
        return LlmResult(text=f"{system}::{prompt}", in_token=len(prompt), out_token=2, model=model or "echo")

    def supports_streaming(self):
        return True

    async def generate_content_stream(self, system, prompt, model=None, temperature=None):
        for word in prompt.split(" "):
            yield LlmChunk(text=word, model="echo")
        yield LlmChunk(text="", in_token=len(prompt), out_token=prompt.count(" ") + 1, model="echo", is_final=True)


if __name__ == "__main__":
    Processor.launch("text-completion", __doc__)
